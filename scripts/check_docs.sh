#!/bin/sh
# Fails when docs/formats.md is not what the program prints. Usage: check_docs.sh <bitwright> [--write]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
if [ "${2:-}" = --write ]; then
  "$1" formats --markdown > "$root/docs/formats.md"
  exit 0
fi
if ! "$1" formats --markdown | diff -u "$root/docs/formats.md" - ; then
  echo "docs/formats.md is stale: run scripts/check_docs.sh <bitwright> --write" >&2
  exit 1
fi
