#!/usr/bin/env bash
# add_family.sh <project root> <work folder>: a copy of the tree with one more file, a number format family, and nothing
# else changed, has the family in its command line, its exhaustive tests and its search. The copy and its build stay in
# the work folder, so that only the first run compiles everything.
set -euo pipefail
root=$1 work=$2
copy=$work/tree build=$work/build
family=$copy/bitwright/numerics/families/cube.cc

fail() {
  echo "add_family: $*" >&2
  exit 1
}

# contains <text> <part> <what it is>
contains() {
  [[ $1 == *"$2"* ]] || fail "'$2' is not in $3: $1"
}

copy_tree() {
  rm -rf "$copy"
  mkdir -p "$copy"
  cp -a "$root"/{CMakeLists.txt,CMakePresets.json,LAYERS,bitwright,cmake,examples,scripts,tests} "$copy"
  if [ -d "$root/bench" ]; then cp -a "$root/bench" "$copy"; fi
  [ ! -e "$family" ] || fail "the tree has the family already"
}

build_copy() {
  (cd "$copy" && cmake --preset release -B "$build" -DCMAKE_CXX_FLAGS_RELEASE=-O1) >"$work/configure.log" ||
    fail "see $work/configure.log"
  cmake --build "$build" --target bitwright numerics_test glyphs-generate >"$work/build.log" ||
    fail "see $work/build.log: $(tail -n 30 "$work/build.log")"
}

found_by_command_line() {
  contains "$("$build/bitwright" formats)" 'cubes of integers (a test of the registry)' 'the list of formats'
  contains "$("$build/bitwright" formats 'cube*')" 'cube3: 3 bits' 'the formats that match cube*'
  contains "$("$build/bitwright" formats cube3)" '-27 -8 -1 0 1 8 27' 'the values of cube3'
  contains "$("$build/bitwright" formats cubes3 2>&1 || true)" "nearest is 'cube3'" 'the message for cubes3'
}

found_by_tests() {
  "$build/bin/numerics_test" --gtest_brief=1 >"$work/test.log" || fail "see $work/test.log: $(tail "$work/test.log")"
  # An example that the family refuses is noticed: the tests do go through this family's examples.
  sed -i 's/"cube8"/"cube9"/' "$family"
  cmake --build "$build" --target numerics_test >"$work/build.log" || fail "see $work/build.log"
  local said
  if said=$("$build/bin/numerics_test" --gtest_brief=1 --gtest_filter='Format.EveryExample*'); then
    fail 'the tests do not see a bad example'
  fi
  contains "$said" 'cube9' 'what the tests say of a bad example'
}

found_by_search() {
  local glyphs=$copy/examples/glyphs
  "$build/bin/glyphs-generate" --seed 3 --count 600 --out "$work/data" >/dev/null
  "$build/bitwright" tune "$glyphs/glyphs.onnx" --data "$work/data/glyphs_x_u8.npy" \
    --labels "$work/data/glyphs_y_u8.npy" --preprocess "$glyphs/preprocess.json" --formats 'cube*' --max-drop 30% \
    --seed 1 -o "$work/out" >"$work/tune.log" 2>&1 || fail "see $work/tune.log: $(tail -n 5 "$work/tune.log")"
  contains "$(cat "$work/out/plan.json")" '"cube' 'the plan'
}

copy_tree
cp "$root/tests/one_file/cube.cc" "$family"
build_copy
found_by_command_line
found_by_search
found_by_tests
echo 'add_family: one file added a family to the command line, the tests and the search'
