#!/bin/sh
# results.sh <shared data> <folder> [network...]: compares the number formats on the shared networks, then writes
# docs/results.md (behind docs/results/targets.md, which is written by hand) and the plots beside it. A comparison
# that stands in the folder is taken from there, an unfinished one goes on.
set -eu
data=$1 folder=$2
shift 2
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$data"

# compare <name> <network> <preprocessing> <more flags>
compare() {
  name=$1 network=$2 preprocess=$3
  shift 3
  "$root/build/release/bitwright" compare "models/$network.onnx" --preprocess "$root/examples/preprocess/$preprocess.json" \
    --seed 1 -o "$folder/$name" "$@" > /dev/null
}
cifar="--calib cifar10/data_batch_1_first4000.bin --data cifar10/test_batch_first1000.bin"
imagenet="--calib imagenet/imagenet_sample1000_224.tar --data imagenet/ilsvrc2012_val650_227.tar"
mlperf() { echo "--data mlperf_tiny/$1.npy --labels mlperf_tiny/$2_y_u8.npy"; }

# shellcheck disable=SC2046,SC2086
for network in ${*:-resnet20 ic kws vww}; do
  case $network in
    resnet20) compare resnet20 cifar10_resnet20 cifar10_resnet20 $cifar ;;
    ic) compare ic mlperf_tiny_ic_resnet8 mlperf_tiny_ic $cifar ;;
    kws) compare kws mlperf_tiny_kws_dscnn mlperf_tiny_kws $(mlperf kws01_x_i8 kws01) ;;
    vww) compare vww mlperf_tiny_vww_mobilenetv1_025 mlperf_tiny_vww $(mlperf vww01_x_u8_nhwc vww01) ;;
    mobilenetv1) compare mobilenetv1 mobilenetv1_025_imagenet mobilenetv1_025 $imagenet ;;
    mobilenetv2) compare mobilenetv2 mobilenetv2_imagenet_fc8 imagenet_torchvision $imagenet ;;
    squeezenet) compare squeezenet squeezenet11_imagenet imagenet_torchvision $imagenet ;;
    *) echo "results.sh: unknown network '$network'" >&2; exit 2 ;;
  esac
done

mkdir -p "$root/docs/results"
{
  cat "$root/docs/results/targets.md"
  printf '\n## Number formats compared\n\nMade by `scripts/results.sh` from `bitwright compare` (docs/methods.md). Scales: one for each output channel of\n'
  printf 'weights (blocks for bfp, mx and nvfp4), one for each activation tensor (blocks along the channels, found while the\n'
  printf 'network runs, for bfp, mx and nvfp4). Where a family has no format of the activations'"'"' width, they are int.\n'
  printf 'A cell that is empty or absent: the family has no such format, or it has not been measured yet.\n'
  for table in "$folder"/*/compare.md; do
    name=$(basename "$(dirname "$table")")
    cp "$(dirname "$table")/compare.svg" "$root/docs/results/$name.svg"
    cp "$(dirname "$table")/compare.csv" "$root/docs/results/$name.csv"
    printf '\n'
    sed 's/^# /### /' "$table"
    printf '\n![%s](results/%s.svg)\n' "$name" "$name"
  done
} > "$root/docs/results.md"
