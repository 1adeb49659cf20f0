#!/usr/bin/env bash
# The checks that gate a commit: layers, formatting, scripts, warnings as errors and the unit tests.
# --slow adds clang-tidy on every source but the tests, the tests that take minutes (label slow), and the unit tests and 60 s of
# fuzzing of each importer under the address and undefined-behaviour sanitizers. --fuzz [seconds] does nothing but that fuzzing.
set -euo pipefail
cd "$(dirname "$0")/.."

fuzz() {
  cmake --preset asan >/dev/null
  cmake --build --preset asan -- --quiet onnx_fuzz tflite_fuzz
  for kind in onnx tflite; do tests/fuzz/fuzz.sh build/asan/bin/${kind}_fuzz "$1"; done
}

if [ "${1:-}" = --fuzz ]; then
  fuzz "${2:-60}"
  exit
fi

sources=$(git ls-files '*.h' '*.cc')

scripts/check_layers.sh
# shellcheck disable=SC2086
clang-format --dry-run -Werror $sources
if LC_ALL=C git grep -nP '[^\x00-\x7F]' -- '*.h' '*.cc' '*.md' '*.sh' '*.py' '*.json'; then
  echo 'check: the lines above are not ASCII' >&2
  exit 1
fi
# shellcheck disable=SC2086
awk 'FNR > 500 { print FILENAME ": over 500 lines"; bad = 1; nextfile } END { exit bad }' $sources
cmake --preset dev >/dev/null
cmake --build --preset dev -- --quiet
BITWRIGHT_DATA=$(realpath -m "${BITWRIGHT_DATA:-../shared/data}") ctest --test-dir build/dev -L unit --output-on-failure --no-tests=error

if [ "${1:-}" = --slow ]; then
  cmake --preset asan >/dev/null
  cmake --build --preset asan -- --quiet
  BITWRIGHT_DATA=$(realpath -m "${BITWRIGHT_DATA:-../shared/data}") ctest --preset asan
  ctest --test-dir build/dev -C slow -L slow --output-on-failure
  fuzz 60
  run-clang-tidy -quiet -p build/dev "$PWD/bitwright/(?!.*_test\.cc$)" >build/tidy.log 2>&1 || { grep -E 'warning:|error:' build/tidy.log; exit 1; }
fi
echo 'check: clean'
