// FULLY_CONNECTED: rows times weights [O,I], whatever the input's shape.

#include "bitwright/tflite/fused.h"
#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

// The input as [rows, I].
Expected<ValueId> Rows(Lowering& to, std::int64_t length) {
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
  const Shape& shape = to.In(0).shape;
  if (shape.size() == 2 && shape[1] == length) return x;
  return to.Emit("Reshape", {x, to.AddInts({-1, length})});
}

// [rows, O] as the output's shape.
ValueId Shaped(Lowering& to, ValueId y) {
  Shape shape = to.Out().shape;
  if (shape.size() == 2) return y;
  if (!shape.empty()) shape[0] = -1;
  return to.Emit("Reshape", {y, to.AddInts(shape)});
}

Expected<void> LowerFloat(Lowering& to, Fused fused) {
  BW_ASSIGN(const ValueId x, Rows(to, to.In(1).shape[1]));
  BW_ASSIGN(const ValueId w, to.Value(1, Form::kFile));
  std::vector<ValueId> from = {x, w};
  if (to.Has(2)) {
    BW_ASSIGN(const ValueId bias, to.Value(2, Form::kFile));
    from.push_back(bias);
  }
  const ValueId sum = to.Emit("Gemm", std::move(from), {{"transB", std::int64_t{1}}});
  BW_ASSIGN(const ValueId y, Activate(to, sum, fused));
  to.Give(0, Shaped(to, y), Form::kFile);
  return {};
}

Expected<void> LowerInteger(Lowering& to, Fused fused) {
  Items items;
  BW_TRY(SetLayer(items, to, 0));
  BW_ASSIGN(items["activation"], ActivationName(fused));
  BW_ASSIGN(std::vector<ValueId> from, FileInputs(to));
  BW_ASSIGN(from[0], Rows(to, to.In(1).shape[1]));
  const ValueId y = to.Emit("TfliteFullyConnected", std::move(from), std::move(items), kOwnDomain);
  to.Give(0, Shaped(to, y), Form::kFile);
  return {};
}

Expected<void> Lower(Lowering& to) {
  BW_TRY(to.CheckCounts(2, 3));
  BW_TRY(to.CheckRank(1, 2));
  const std::int64_t length = to.In(1).shape[1];
  if (length < 1) return Fail("weights are {}, rows must not be empty", ShapeText(to.In(1).shape));
  BW_ASSIGN(const Fused fused, ReadFused(to, 0));
  BW_ASSIGN(const auto format, to.op().options.Scalar<std::int8_t>(1, 0));
  if (format != 0) return Fail("its weights are in format {}, allowed is 0 (plain)", format);
  BW_ASSIGN(const Arithmetic arithmetic, LayerArithmetic(to));
  return arithmetic == Arithmetic::kFloat ? LowerFloat(to, fused) : LowerInteger(to, fused);
}

constexpr Covered kCovered[] = {{9, 8}};

}  // namespace

BW_ENTRY(tflite::Rule, fully_connected) = {
    .name = "fully_connected", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
