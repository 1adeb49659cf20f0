#include "bitwright/graph/ops/mat_mul_integer.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 4, 1}));
  for (const std::size_t i : {0, 1, 2, 3}) {
    if (in.has(i)) BW_TRY(CheckDType(in, i, kBytes));
  }
  BW_ASSIGN(CodeProduct p, MakeCodeProduct(in.types[0].shape, in.types[1].shape));
  BW_TRY(CheckParameter(in, 2, p.m));
  BW_TRY(CheckParameter(in, 3, p.n));
  return Types{{DType::kInt32, std::move(p.out)}};
}

std::size_t CountOf(std::span<const ConstTensorRef> inputs, std::size_t i) {
  const bool given = i < inputs.size() && inputs[i].data != nullptr;
  return given ? static_cast<std::size_t>(inputs[i].size()) : 1;
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const CodeProduct p = MakeCodeProduct(inputs[0].shape, inputs[1].shape).value();
  const auto a = CentredMatrix(inputs[0], ZerosOf(inputs, 2, CountOf(inputs, 2)), true);
  const auto b = CentredMatrix(inputs[1], ZerosOf(inputs, 3, CountOf(inputs, 3)), false);
  const auto sums = MultiplyCodes(p, inputs[0].shape, inputs[1].shape, a, b);
  const auto y = outputs[0].span<std::int32_t>();
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<std::int32_t>(sums[i]);
}

std::int64_t Macs(const Node&, std::span<const TensorType> inputs,
                  std::span<const TensorType> outputs) {
  return ElementCount(outputs[0].shape) * inputs[0].shape.back();
}

}  // namespace

BW_ENTRY(OpDef, mat_mul_integer) = {
    .name = "MatMulInteger", .infer = Infer, .reference = Reference, .macs = Macs};

}  // namespace bw::ops
