#!/usr/bin/env bash
# layers_refusal.sh <project root>: check_layers.sh accepts the tree as it is, and refuses a copy with forbidden includes
# or a LAYERS line that names an unknown layer, saying where.
set -euo pipefail
root=$1
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp "$root/LAYERS" "$copy"
cp -r "$root/bitwright" "$copy"
"$root/scripts/check_layers.sh" "$copy"

fail() {
  echo "layers_refusal: $*" >&2
  exit 1
}

# must_refuse <file> <line added to it> <pattern of the message>
must_refuse() {
  local said
  cp "$copy/$1" "$copy/kept"
  echo "$2" >>"$copy/$1"
  if said=$("$root/scripts/check_layers.sh" "$copy"); then fail "'$2' in $1 was not noticed"; fi
  # shellcheck disable=SC2053
  [[ $said == $3 ]] || fail "'$2' in $1 got the message: $said"
  mv "$copy/kept" "$copy/$1"
}

must_refuse bitwright/base/text.cc '#include "bitwright/tensor/tensor.h"' \
  'bitwright/base/text.cc:*: layer base may not include layer tensor*'
must_refuse bitwright/search/problem.h '#include "bitwright/numerics/format.h"' \
  'bitwright/search/problem.h:*: layer search may not include layer numerics*'
must_refuse bitwright/quant/apply.cc '#include "bitwright/tune/tune.h"' \
  'bitwright/quant/apply.cc:*: layer quant may not include layer tune*'
must_refuse bitwright/cli/main.cc '#include "bitwright/nowhere/some.h"' \
  'bitwright/cli/main.cc:*: layer cli may not include layer nowhere*'
must_refuse LAYERS 'extra: base nowhere' 'LAYERS: extra uses nowhere*'
