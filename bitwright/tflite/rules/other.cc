// BATCH_MATMUL, GATHER, SHAPE, CAST, PRELU.

#include <numeric>

#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

constexpr int kGather = 36, kCast = 53, kPrelu = 54, kShape = 77, kBatchMatmul = 126;

// ONNX's number of an element type.
Expected<std::int64_t> OnnxType(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return 1;
    case ElementType::kUint8:
      return 2;
    case ElementType::kInt8:
      return 3;
    case ElementType::kInt32:
      return 6;
    case ElementType::kInt64:
      return 7;
    case ElementType::kBool:
      return 9;
    default:
      return Fail("its output is {}, allowed: float32, uint8, int8, int32, int64, bool",
                  TypeText(type));
  }
}

Expected<void> LowerCast(Lowering& to) {
  BW_TRY(to.CheckCounts(1, 1));
  BW_ASSIGN(const std::int64_t type, OnnxType(to.Out().type));
  const Form form = to.Natural(0);
  BW_ASSIGN(const ValueId x, to.Value(0, form));
  to.Give(0, to.Emit("Cast", {x}, {{"to", type}}), form);
  return {};
}

Expected<void> LowerShape(Lowering& to) {
  BW_TRY(to.CheckCounts(1, 1));
  BW_ASSIGN(const std::int64_t type, OnnxType(to.Out().type));
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
  to.Give(0, to.Emit("Cast", {to.Emit("Shape", {x})}, {{"to", type}}), Form::kFile);
  return {};
}

// Fields: axis, batch_dims.
Expected<void> LowerGather(Lowering& to) {
  BW_TRY(to.CheckCounts(2, 2));
  BW_ASSIGN(const auto axis, to.op().options.Scalar<std::int32_t>(0, 0));
  BW_ASSIGN(const auto batches, to.op().options.Scalar<std::int32_t>(1, 0));
  if (batches != 0) return Fail("its batch_dims is {}, allowed is 0", batches);
  if (to.In(0).affine && to.In(0).type == ElementType::kInt8) {
    BW_TRY(CheckSameCodes(to.In(0), to.Out()));
  }
  BW_ASSIGN(std::vector<ValueId> from, FileInputs(to));
  to.Give(0, to.Emit("Gather", std::move(from), {{"axis", std::int64_t{axis}}}), Form::kFile);
  return {};
}

Expected<void> LowerPrelu(Lowering& to) {
  BW_TRY(to.CheckCounts(2, 2));
  const Form form = to.Natural(0);
  BW_ASSIGN(const ValueId x, to.Value(0, form));
  BW_ASSIGN(bw::Tensor slope, to.Constant(1));
  if (form == Form::kSpatial) {
    Shape shape(4 - std::min<std::size_t>(slope.shape().size(), 4), 1);
    shape.insert(shape.end(), slope.shape().begin(), slope.shape().end());
    if (shape.size() != 4) return Fail("its slope is {}, at most 4 axes", ShapeText(slope.shape()));
    slope.Reshape(shape);
    slope = Transposed(slope, {0, 3, 1, 2});
  }
  to.Give(0, to.Emit("PRelu", {x, to.Add(std::move(slope))}), form);
  return {};
}

// The last two axes swapped.
ValueId Swapped(Lowering& to, ValueId x, std::size_t rank) {
  std::vector<std::int64_t> perm(rank);
  std::iota(perm.begin(), perm.end(), std::int64_t{0});
  std::swap(perm[rank - 1], perm[rank - 2]);
  return to.Emit("Transpose", {x}, {{"perm", perm}});
}

// Fields: adj_x, adj_y.
Expected<void> LowerBatchMatmul(Lowering& to) {
  BW_TRY(to.CheckCounts(2, 2));
  constexpr ElementType kFloat[] = {ElementType::kFloat32};
  std::vector<ValueId> from;
  for (std::size_t i = 0; i < 2; ++i) {
    BW_TRY(to.CheckType(to.In(i), "input", kFloat));
    BW_ASSIGN(const bool swap, to.op().options.Scalar<bool>(static_cast<int>(i), false));
    const std::size_t rank = to.In(i).shape.size();
    if (rank < 2)
      return Fail("input {} is {}, it must have 2 axes or more", i, ShapeText(to.In(i).shape));
    BW_ASSIGN(const ValueId x, to.Value(i, Form::kFile));
    from.push_back(swap ? Swapped(to, x, rank) : x);
  }
  to.Give(0, to.Emit("MatMul", std::move(from)), Form::kFile);
  return {};
}

Expected<void> Lower(Lowering& to) {
  switch (to.op().code) {
    case kGather:
      return LowerGather(to);
    case kCast:
      return LowerCast(to);
    case kPrelu:
      return LowerPrelu(to);
    case kShape:
      return LowerShape(to);
    default:
      return LowerBatchMatmul(to);
  }
}

constexpr Covered kCovered[] = {
    {kGather, 23}, {kCast, 37}, {kPrelu}, {kShape, 55}, {kBatchMatmul, 101}};

}  // namespace

BW_ENTRY(tflite::Rule, other) = {.name = "other", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
