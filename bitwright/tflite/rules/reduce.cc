// MEAN, SUM, REDUCE_MAX over constant axes; MEAN on int8 too.

#include <algorithm>

#include "bitwright/graph/checks.h"
#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

constexpr int kMean = 40, kSum = 74, kMax = 82;

// Ascending, without repeats.
Expected<std::vector<std::int64_t>> AxesOf(const Lowering& to) {
  BW_ASSIGN(const auto given, to.Ints(1, "its axes"));
  std::vector<std::int64_t> axes;
  for (const std::int64_t axis : given) {
    BW_ASSIGN(const std::size_t normal, ops::NormalAxis(axis, to.In(0).shape.size()));
    axes.push_back(static_cast<std::int64_t>(normal));
  }
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

Expected<void> LowerInteger(Lowering& to, const std::vector<std::int64_t>& axes, bool keep) {
  Items items = {{"axes", axes}, {"keepdims", std::int64_t{keep}}};
  BW_TRY(SetAffine(items, "input", to.In(0)));
  BW_TRY(SetAffine(items, "output", to.Out()));
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
  to.Give(0, to.Emit("TfliteMean", {x}, std::move(items), kOwnDomain), Form::kFile);
  return {};
}

// The mean of each image is one of the fast operators.
Expected<void> LowerImageMean(Lowering& to, bool keep) {
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kSpatial));
  const ValueId mean = to.Emit("GlobalAveragePool", {x});
  if (keep) {
    to.Give(0, mean, Form::kSpatial);
  } else {
    to.Give(0, to.Emit("Reshape", {mean, to.AddInts({0, to.In(0).shape[3]})}), Form::kFile);
  }
  return {};
}

ValueId Reduced(Lowering& to, ValueId x, const std::vector<std::int64_t>& axes, bool keep) {
  const std::int64_t keepdims = keep ? 1 : 0;
  if (to.op().code == kSum) {
    return to.Emit("ReduceSum", {x, to.AddInts(axes)}, {{"keepdims", keepdims}});
  }
  return to.Emit(to.op().code == kMean ? "ReduceMean" : "ReduceMax", {x},
                 {{"axes", axes}, {"keepdims", keepdims}});
}

Expected<void> Lower(Lowering& to) {
  BW_TRY(to.CheckCounts(2, 2));
  BW_ASSIGN(std::vector<std::int64_t> axes, AxesOf(to));
  if (axes.empty()) return Fail("it reduces no axes, at least one is needed");
  BW_ASSIGN(const bool keep, to.op().options.Scalar<bool>(0, false));
  const bool mean = to.op().code == kMean;
  if (to.In(0).type == ElementType::kInt8 && mean) return LowerInteger(to, axes, keep);
  if (to.In(0).type == ElementType::kInt8 || to.In(0).type == ElementType::kUint8) {
    return Fail("its input is {}, allowed is float32", TypeText(to.In(0).type));
  }
  const bool image = to.In(0).shape.size() == 4 && axes == std::vector<std::int64_t>{1, 2};
  if (mean && image && to.IsFloat()) return LowerImageMean(to, keep);
  const Form form = keep ? to.Natural(0) : Form::kFile;
  for (std::int64_t& axis : axes) axis = AxisIn(form, axis);
  BW_ASSIGN(const ValueId x, to.Value(0, form));
  to.Give(0, Reduced(to, x, axes, keep), form);
  return {};
}

constexpr Covered kCovered[] = {{kMean, 27}, {kSum, 27}, {kMax, 27}};

}  // namespace

BW_ENTRY(tflite::Rule, reduce) = {.name = "reduce", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
