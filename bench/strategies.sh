#!/usr/bin/env bash
# strategies.sh <data> [network...]: the search strategies on equal terms (docs/strategies.md). <data> holds the networks and
# samples that BITWRIGHT_DATA names. Rows of the table on standard output.
set -euo pipefail
cd "$(dirname "$0")/.."
data=$1
shift
bench=${BUILD:-build/release}/bin/strategies_bench
prep=examples/preprocess
tiny=$data/mlperf_tiny
cifar="--data $data/cifar10/test_batch_first1000.bin --calib $data/cifar10/data_batch_1_first4000.bin"
imagenet="--data $data/imagenet/ilsvrc2012_val650_227.tar --calib $data/imagenet/imagenet_sample1000_224.tar"
# 8 bits everywhere cost mobilenetv1_025 more than 1 % (docs/strategies.md).
wider="--formats int2..10,dybit2..8,esb*,e2m1,e2m3,e3m2,e4m3fn"
two="--objective bytes latency_ns@dybit-zcu102"
alone="--strategy pareto --objective energy_pj@bitq-i7-10700f luts@esb-zcu102"
pair="--strategy pareto --objective bytes latency_ns@dybit-zcu102 energy_pj@bitq-i7-10700f luts@esb-zcu102"

run() {  # <name> <model> <options...>: options are words
  local name=$1 model=$2
  shift 2
  [ ${#networks[@]} -eq 0 ] || [[ " ${networks[*]} " == *" $name "* ]] || return 0
  # shellcheck disable=SC2048,SC2086
  "$bench" "$name" "$data/models/$model" $*
}

networks=("$@")
run r20 cifar10_resnet20.onnx "$cifar --preprocess $prep/cifar10_resnet20.json $two --proxy 200"
run ic mlperf_tiny_ic_resnet8.onnx "$cifar $two"
run kws mlperf_tiny_kws_dscnn.onnx \
  "--data $tiny/kws01_x_i8.npy --labels $tiny/kws01_y_u8.npy --preprocess $prep/mlperf_tiny_kws.json $two"
run vww mlperf_tiny_vww_mobilenetv1_025.onnx \
  "--data $tiny/vww01_x_u8_nhwc.npy --labels $tiny/vww01_y_u8.npy --preprocess $prep/mlperf_tiny_vww.json $two"
run r20-chips cifar10_resnet20.onnx "$cifar --preprocess $prep/cifar10_resnet20.json $alone"
run ic-chips mlperf_tiny_ic_resnet8.onnx "$cifar $alone"
run kws-chips mlperf_tiny_kws_dscnn.onnx \
  "--data $tiny/kws01_x_i8.npy --labels $tiny/kws01_y_u8.npy --preprocess $prep/mlperf_tiny_kws.json $alone"
run vww-chips mlperf_tiny_vww_mobilenetv1_025.onnx \
  "--data $tiny/vww01_x_u8_nhwc.npy --labels $tiny/vww01_y_u8.npy --preprocess $prep/mlperf_tiny_vww.json $alone"
run mobilenetv1_025 mobilenetv1_025_imagenet.onnx \
  "$imagenet --preprocess $prep/mobilenetv1_025.json $wider $pair --proxy 200"
run squeezenet11 squeezenet11_imagenet.onnx "$imagenet --preprocess $prep/imagenet_torchvision.json $pair"
