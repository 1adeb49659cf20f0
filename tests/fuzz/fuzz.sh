#!/bin/sh
# fuzz.sh <program> <seconds> [seed]: the fuzzer on the small real networks of its kind; ONNX's with some of its node tests.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
data=${BITWRIGHT_DATA:-$here/../shared/data}
if [ ! -d "$data/models" ]; then
  echo "skipped: $data/models is not there"
  exit 77
fi
case $1 in
*tflite_fuzz)
  exec "$1" "$2" "${3:-1}" "$data"/tflite/*.tflite
  ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
archive=$data/onnx_conformance/onnx_node_tests_v1.16.2.tar.xz
if [ -f "$archive" ]; then tar -xJf "$archive" -C "$folder" --wildcards '*/model.onnx'; fi
find "$folder" -name model.onnx | sort >"$folder/list"
# shellcheck disable=SC2046
"$1" "$2" "${3:-1}" "$data/models/mlperf_tiny_ic_resnet8.onnx" "$data/models/mlperf_tiny_kws_dscnn.onnx" \
  "$data/models/silero_vad_16k_op15.onnx" $(cat "$folder/list")
