#include "bitwright/graph/ops/conv_integer.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 4, 1}));
  for (const std::size_t i : {0, 1, 2, 3}) {
    if (in.has(i)) BW_TRY(CheckDType(in, i, kBytes));
  }
  BW_TRY(CheckScalar(in, 2, "x_zero_point"));
  const Shape &x = in.types[0].shape, &w = in.types[1].shape;
  BW_ASSIGN(const auto windows, CodeWindows(in.node, x, w));
  if (in.has(3) && ElementCount(in.types[3].shape) != 1 && in.types[3].shape != Shape{w[0]}) {
    return Fail("input 3 (w_zero_point) is {}, a scalar or [{}] is needed",
                ShapeText(in.types[3].shape), w[0]);
  }
  Shape out = {x[0], w[0]};
  for (const Window& window : windows) out.push_back(window.out);
  return Types{{DType::kInt32, std::move(out)}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const bool per_filter =
      inputs.size() > 3 && inputs[3].data != nullptr && ElementCount(inputs[3].shape) > 1;
  const auto x = Centred(inputs[0], ZerosOf(inputs, 2, 1));
  const auto w = Centred(
      inputs[1], ZerosOf(inputs, 3, per_filter ? static_cast<std::size_t>(inputs[1].shape[0]) : 1));
  const auto sums = ConvolveCodes(node, inputs[0].shape, inputs[1].shape, x, w);
  std::copy(sums.begin(), sums.end(), outputs[0].span<std::int32_t>().begin());
}

}  // namespace

BW_ENTRY(OpDef, conv_integer) = {
    .name = "ConvInteger", .infer = Infer, .reference = Reference, .macs = ConvolutionMacs};

}  // namespace bw::ops
