// Local response normalization across channels:
// y = x / (bias + alpha / size * sum of x^2 over the `size` channels around)^beta.

#include <cmath>

#include "bitwright/graph/checks.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  const std::int64_t size = in.node.attributes.Int("size", 0);
  if (size < 1 || size > kMaxElements) return Fail("size is {}, it must be 1 to 2^34", size);
  if (in.types[0].shape.size() < 3) {
    return Fail("input is {}, it needs at least 3 axes: batch, channels, spatial",
                ShapeText(in.types[0].shape));
  }
  return Types{in.types[0]};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const auto x = inputs[0].span<float>();
  const auto y = outputs[0].span<float>();
  const std::int64_t inner = Product(shape, 2, shape.size()), channels = shape[1];
  const std::int64_t size = node.attributes.Int("size", 1);
  const auto alpha = static_cast<double>(node.attributes.Float("alpha", 0.0001F));
  const auto beta = static_cast<double>(node.attributes.Float("beta", 0.75F));
  const auto bias = static_cast<double>(node.attributes.Float("bias", 1));
  for (std::int64_t i = 0; i < inputs[0].size(); ++i) {
    const std::int64_t channel = i / inner % channels;
    const std::int64_t first = std::max<std::int64_t>(0, channel - (size - 1) / 2);
    const std::int64_t last = std::min(channels - 1, channel + size / 2);
    double squares = 0;
    for (std::int64_t c = first; c <= last; ++c) {
      const auto z = static_cast<double>(x[static_cast<std::size_t>(i + (c - channel) * inner)]);
      squares += z * z;
    }
    const double norm = std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
    const auto at = static_cast<std::size_t>(i);
    y[at] = static_cast<float>(static_cast<double>(x[at]) / norm);
  }
}

}  // namespace

BW_ENTRY(OpDef, lrn) = {.name = "LRN", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
