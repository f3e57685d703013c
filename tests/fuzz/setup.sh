#!/usr/bin/env bash
# Puts atheris, a coverage-guided fuzzer, beside this file, where the rest of the project never sees it.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
python="${PYTHON:-$here/../../.venv/bin/python}"
test -d "$here/.atheris/atheris" && exit 0
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$here/.atheris" -r "$here/requirements.txt" ||
  { echo "atheris could not be installed (it has wheels for Linux x86-64): fuzzing will be skipped."; rm -rf "$here/.atheris"; }
