#!/bin/sh
# networks.sh <program> <folder for cases> <node> <folder with node_modules>: real networks against ONNX Runtime.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"$1" "${BITWRIGHT_DATA:-$here/../../../shared/data}" "$2"
if [ ! -x "$3" ]; then
  echo 'skipped: node is not installed'
  exit 77
fi
exec "$3" "$here/judge.mjs" "$2" "$4"
