#!/usr/bin/env bash
# demo.sh <build folder> <output folder>: draws the glyphs, tunes the network that knows them, says where the results are.
set -euo pipefail
build=$1 out=$2 here=$(dirname "$0")
"$build/bin/glyphs-generate" --seed 2 --count 3000 --out "$out/data"
status=0
"$build/bitwright" tune "$here/glyphs.onnx" \
  --data "$out/data/glyphs_x_u8.npy" --labels "$out/data/glyphs_y_u8.npy" --preprocess "$here/preprocess.json" \
  --max-drop 1% --seed 1 -o "$out/out" || status=$?
echo
echo "The results are in $out/out:"
echo "  model.onnx   the network with packed weights, for any ONNX runtime of opset 17"
echo "  plan.json    the format of every tensor; edit it and give it back with: bitwright quantize --plan"
echo "  report.md    the table above with a line a tensor; report.json is the same for programs"
echo "  pareto.svg   accuracy against cost of every plan tried; take another with: bitwright pick $out/out 'bytes<=50k'"
exit "$status"
