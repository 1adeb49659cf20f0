#pragma once
// Programs written as shell scripts: one with two Numbers, whose output follows from its plan, and
// a judge of networks.

#include <string>

#include "tests/support/program.h"

namespace bw::program {

// Prints "loss <sum of 2^-width over its Numbers>" and "acc=<1 - loss>"; `before` is run first. Its
// Numbers: a, of 100 elements up to 0.9, and b, of 10 elements up to 5; both float32 where the plan
// does not name them.
inline std::string PutMadeProgram(const Folder& folder, const std::string& before = "") {
  const std::string path = folder.Put("made.sh", R"(plan=${1:-$BITWRIGHT_PLAN}
if [ -n "$BITWRIGHT_NUMBERS" ]; then printf 'a 100 0.9 5 0\nb 10 5 5 0\n' >"$BITWRIGHT_NUMBERS"; fi
width() { sed -n "s/^$1 [a-z]*\([0-9]*\).*/\1/p" "$plan"; }
a=$(width a); b=$(width b)
a=${a:-32}; b=${b:-32}
)" + before + R"(
awk "BEGIN { loss = 2 ^ -$a + 2 ^ -$b; printf \"loss %.9f\nacc=%.9f\n\", loss, 1 - loss }"
)");
  return "sh '" + path + "'";
}

// A judge of networks, written as a shell script: prints "judging" and then 1 - 1000 / the bytes of
// the model file, so that smaller networks are worse; `before` is run first, with the file's name
// in $model and its bytes in $bytes.
inline std::string PutMadeJudge(const Folder& folder, const std::string& before = "") {
  const std::string path = folder.Put("judge.sh", R"(model=${1:-$BITWRIGHT_MODEL}
bytes=$(wc -c <"$model")
)" + before + R"(
echo judging
awk "BEGIN { printf \"%.9f\n\", 1 - 1000 / $bytes }"
)");
  return "sh '" + path + "'";
}

}  // namespace bw::program
