#!/usr/bin/env bash
# number_package.sh <cmake> <source> <build> <spectrum> <compiler> <flags>: builds examples/number outside of the tree, with the
# package as installed and as it stands in the build folder; both must compute what the one built inside computes.
set -euo pipefail
cmake=$1 source=$2 build=$3 inside=$4 compiler=$5 flags=$6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
expected=$("$inside" 2)
cp -r "$source/examples/number" "$work/example"
"$cmake" --install "$build" --component number --prefix "$work/prefix" >"$work/log" || { cat "$work/log"; exit 1; }

check() {  # <name> <argument that finds the package>
  "$cmake" -S "$work/example" -B "$work/$1" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags" "$2" >"$work/log" 2>&1 &&
    "$cmake" --build "$work/$1" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
  "$work/$1/spectrum-tune" 20 >"$work/plan"
  grep -q '^window ' "$work/plan" || { echo "number_package: $1 tunes nothing" >&2; exit 1; }
  "$work/$1/spectrum" 2 "$work/plan" >/dev/null
  got=$("$work/$1/spectrum" 2)
  if [ "$got" != "$expected" ]; then
    echo "number_package: $1 prints '$got', '$expected' is expected" >&2
    exit 1
  fi
}
check installed "-DCMAKE_PREFIX_PATH=$work/prefix"
check in_build_folder "-Dbitwright_DIR=$build"
