#!/bin/sh
# run.sh <conformance program> [arguments]: runs it on the archive in the shared data.
set -eu
program=$1
shift
here=$(cd "$(dirname "$0")/../.." && pwd)
exec "$program" "${BITWRIGHT_DATA:-$here/../shared/data}/onnx_conformance/onnx_node_tests_v1.16.2.tar.xz" "$@"
