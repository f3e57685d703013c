#!/usr/bin/env bash
# Puts libfaketime, which lets a process's wall clock jump, beside this file, out of Debian's package and without installing that.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
library="$here/.faketime/libfaketimeMT.so.1"
if [ -e "$library" ]; then exit 0; fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  echo "No Debian packages here: clocks will not jump."
  exit 0
fi
unpacked="$(mktemp -d)"
trap 'rm -rf "$unpacked"' EXIT
{ cd "$unpacked" && { apt-get download libfaketime || { apt-get update && apt-get download libfaketime; }; } && dpkg-deb -x libfaketime_*.deb . &&
  mkdir -p "$here/.faketime" && cp usr/lib/*/faketime/libfaketimeMT.so.1 "$library"; } >/dev/null 2>&1 ||
  echo "libfaketime could not be fetched: clocks will not jump."
