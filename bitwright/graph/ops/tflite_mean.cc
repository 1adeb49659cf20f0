// The mean of int8 codes over the attribute "axes", which stay with extent 1 if "keepdims" is 1:
// the exact sum of code - zero, times input scale / (output scale * count).

#include "bitwright/graph/ops/tflite_integer.h"

namespace bw::ops {
namespace {

Expected<std::vector<std::size_t>> AxesOf(const Node& node, std::size_t rank) {
  return NormalAxes(node.attributes.Ints("axes", {}), rank);
}

// The input's shape with the reduced extents 1.
Shape Kept(const Shape& shape, const std::vector<std::size_t>& axes) {
  Shape kept = shape;
  for (const std::size_t axis : axes) kept[axis] = 1;
  return kept;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(tflite::CheckInt8(in, 0));
  BW_TRY(tflite::CheckAffine(in.node, "input", DType::kInt8));
  BW_TRY(tflite::CheckAffine(in.node, "output", DType::kInt8));
  const Shape& x = in.types[0].shape;
  BW_ASSIGN(const auto axes, AxesOf(in.node, x.size()));
  const Shape kept = Kept(x, axes);
  const std::int64_t count = ElementCount(x) / std::max<std::int64_t>(ElementCount(kept), 1);
  if (count < 1 || count > 1 << 22) {
    return Fail("a mean of {} elements, allowed are 1 to 2^22", count);
  }
  if (in.node.attributes.Int("keepdims", 0) != 0) return Types{{DType::kInt8, kept}};
  Shape out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) out.push_back(x[i]);
  }
  return Types{{DType::kInt8, std::move(out)}};
}

// The count goes into the significand, by as many bits as it has.
tflite::Multiplier Divided(tflite::Multiplier by, std::int64_t count) {
  int bits = 0;
  while (count >> (bits + 1) != 0) ++bits;
  bits = std::min({bits, 32, 31 + by.exponent});
  return {static_cast<std::int32_t>((std::int64_t{by.significand} << bits) / count),
          by.exponent - bits};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const tflite::Affine in = tflite::AffineOf(node, "input"), out = tflite::AffineOf(node, "output");
  const Shape& shape = inputs[0].shape;
  const Shape kept = Kept(shape, AxesOf(node, shape.size()).value());
  const auto x = inputs[0].span<std::int8_t>();
  const auto y = outputs[0].span<std::int8_t>();
  std::vector<std::int32_t> sums(y.size(), 0);
  const std::array strides = {BroadcastStrides(kept, shape)};
  ForEach(shape, strides, [&](std::size_t i, const std::array<std::int64_t, 1>& at) {
    sums[static_cast<std::size_t>(at[0])] += x[i] - in.zero;
  });
  const auto count = static_cast<std::int64_t>(x.size() / std::max<std::size_t>(y.size(), 1));
  if (count == 0) return;
  const tflite::Multiplier by = Divided(
      tflite::MakeMultiplier(static_cast<double>(in.scale) / static_cast<double>(out.scale)),
      count);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = tflite::ToCode(sums[i], by, out.zero, {});
}

}  // namespace

BW_ENTRY(OpDef, tflite_mean) = {
    .name = "TfliteMean", .domain = kOwnDomain, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
