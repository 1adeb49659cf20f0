// CONCATENATION, PACK (a new axis), UNPACK, SPLIT, SPLIT_V.

#include "bitwright/graph/checks.h"
#include "bitwright/tflite/fused.h"
#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

constexpr int kConcatenation = 2, kSplit = 49, kPack = 83, kUnpack = 88, kSplitV = 102;

// Codes are moved, not rescaled.
Expected<void> CheckMoved(const Lowering& to) {
  for (std::size_t i = 0; i < to.inputs(); ++i) {
    for (std::size_t k = 0; k < to.outputs(); ++k) {
      if (to.In(i).affine && to.In(i).type == to.Out(k).type &&
          to.In(i).type == ElementType::kInt8) {
        BW_TRY(CheckSameCodes(to.In(i), to.Out(k)));
      }
    }
  }
  return {};
}

Expected<std::int64_t> AxisOf(std::int64_t axis, std::size_t rank) {
  BW_ASSIGN(const std::size_t normal, ops::NormalAxis(axis, rank));
  return static_cast<std::int64_t>(normal);
}

Expected<void> LowerConcatenation(Lowering& to) {
  const std::size_t rank = to.Out().shape.size();
  BW_ASSIGN(const auto given, to.op().options.Scalar<std::int32_t>(0, 0));
  BW_ASSIGN(const std::int64_t axis, AxisOf(given, rank));
  BW_ASSIGN(const Fused fused, ReadFused(to, 1));
  if (fused != Fused::kNone && !to.IsFloat()) return Fail("it has an activation, allowed on float");
  Form form = Form::kFile;
  for (std::size_t i = 0; i < to.inputs(); ++i) {
    if (rank == 4 && to.Natural(i) == Form::kSpatial) form = Form::kSpatial;
  }
  std::vector<ValueId> from;
  for (std::size_t i = 0; i < to.inputs(); ++i) {
    BW_TRY(to.CheckRank(i, rank));
    BW_ASSIGN(const ValueId x, to.Value(i, form));
    from.push_back(x);
  }
  const ValueId joined = to.Emit("Concat", std::move(from), {{"axis", AxisIn(form, axis)}});
  BW_ASSIGN(const ValueId y, Activate(to, joined, fused));
  to.Give(0, y, form);
  return {};
}

// Fields: count, axis.
Expected<void> LowerPack(Lowering& to) {
  BW_ASSIGN(const auto given, to.op().options.Scalar<std::int32_t>(1, 0));
  BW_ASSIGN(const std::int64_t axis, AxisOf(given, to.Out().shape.size()));
  const ValueId axes = to.AddInts({axis});
  std::vector<ValueId> from;
  for (std::size_t i = 0; i < to.inputs(); ++i) {
    BW_ASSIGN(const ValueId x, to.Value(i, Form::kFile));
    from.push_back(to.Emit("Unsqueeze", {x, axes}));
  }
  to.Give(0, to.Emit("Concat", std::move(from), {{"axis", axis}}), Form::kFile);
  return {};
}

Expected<void> LowerUnpack(Lowering& to) {
  BW_ASSIGN(const auto given, to.op().options.Scalar<std::int32_t>(1, 0));
  BW_ASSIGN(const std::int64_t axis, AxisOf(given, to.In(0).shape.size()));
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
  const auto parts = to.Emit("Split", {x}, {{"axis", axis}}, to.outputs());
  const ValueId axes = to.AddInts({axis});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    to.Give(i, to.Emit("Squeeze", {parts[i], axes}), Form::kFile);
  }
  return {};
}

// SPLIT: axis, input. SPLIT_V: input, sizes, axis.
Expected<void> LowerSplit(Lowering& to) {
  const bool sized = to.op().code == kSplitV;
  const std::size_t data = sized ? 0 : 1;
  BW_TRY(to.CheckCounts(sized ? 3 : 2, sized ? 3 : 2, to.outputs()));
  BW_ASSIGN(const auto given, to.Ints(sized ? 2 : 0, "its axis"));
  if (given.size() != 1) return Fail("its axis has {} elements, one is needed", given.size());
  BW_ASSIGN(const std::int64_t axis, AxisOf(given[0], to.In(data).shape.size()));
  const Form form = to.Natural(data);
  BW_ASSIGN(const ValueId x, to.Value(data, form));
  std::vector<std::int64_t> parts;
  for (std::size_t i = 0; i < to.outputs(); ++i) {
    if (to.Out(i).shape.size() != to.In(data).shape.size()) {
      return Fail("output {} is {}, it must have the rank of the input {}", i,
                  ShapeText(to.Out(i).shape), ShapeText(to.In(data).shape));
    }
    parts.push_back(to.Out(i).shape[static_cast<std::size_t>(axis)]);
  }
  const auto values =
      to.Emit("Split", {x, to.AddInts(parts)}, {{"axis", AxisIn(form, axis)}}, to.outputs());
  for (std::size_t i = 0; i < values.size(); ++i) to.Give(i, values[i], form);
  return {};
}

Expected<void> Lower(Lowering& to) {
  BW_TRY(to.CheckCounts(1, 1U << 20, to.outputs()));
  for (std::size_t i = 0; i < to.inputs(); ++i) {
    if (!to.Has(i)) return Fail("input {} is absent, all are required", i);
  }
  if (to.outputs() == 0) return Fail("has no outputs, at least one is needed");
  BW_TRY(CheckMoved(to));
  switch (to.op().code) {
    case kConcatenation:
      return LowerConcatenation(to);
    case kPack:
      return LowerPack(to);
    case kUnpack:
      return LowerUnpack(to);
    default:
      return LowerSplit(to);
  }
}

constexpr Covered kCovered[] = {
    {kConcatenation, 10}, {kPack, 59}, {kUnpack, 64}, {kSplit, 35}, {kSplitV, 79}};

}  // namespace

BW_ENTRY(tflite::Rule, concat) = {.name = "concat", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
