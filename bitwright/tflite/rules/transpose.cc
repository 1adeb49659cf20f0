// TRANSPOSE by a constant permutation. Those between the file's order and channels first only give
// the value another form.

#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

Expected<void> Lower(Lowering& to) {
  BW_TRY(to.CheckCounts(2, 2));
  BW_ASSIGN(const auto perm, to.Ints(1, "its permutation"));
  const bool image = to.In(0).shape.size() == 4 && to.IsFloat() && !to.In(0).is_constant;
  if (image && perm == std::vector<std::int64_t>{0, 3, 1, 2}) {
    BW_ASSIGN(const ValueId x, to.Value(0, Form::kSpatial));
    to.Give(0, x, Form::kFile);
    return {};
  }
  if (image && perm == std::vector<std::int64_t>{0, 2, 3, 1} && to.Natural(0) == Form::kFile) {
    BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
    to.Give(0, x, Form::kSpatial);
    return {};
  }
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
  to.Give(0, to.Emit("Transpose", {x}, {{"perm", perm}}), Form::kFile);
  return {};
}

constexpr Covered kCovered[] = {{39, 26}};

}  // namespace

BW_ENTRY(tflite::Rule, transpose) = {.name = "transpose", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
