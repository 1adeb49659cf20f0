#pragma once
// What the 8-bit convolutions and the fully connected layer share: int8 weights whose scales are
// the attribute "weight_scales" (one, or one for each output channel), int32 biases in units of
// input scale times weight scale.

#include <string>
#include <vector>

#include "bitwright/graph/ops/tflite_integer.h"

namespace bw::ops::tflite {

// Products of codes that an int32 surely holds the sum of.
inline constexpr std::int64_t kMaxProducts = 65535;

// `channels` outputs, each the sum of `products` products.
inline Expected<void> CheckLayer(const InferInput& in, std::int64_t channels,
                                 std::int64_t products) {
  constexpr DType kSum[] = {DType::kInt32};
  BW_TRY(CheckCounts(in, {2, 3, 1}));
  BW_TRY(CheckInt8(in, 0));
  BW_TRY(CheckInt8(in, 1));
  BW_TRY(CheckAffine(in.node, "input", DType::kInt8));
  BW_TRY(CheckAffine(in.node, "output", DType::kInt8));
  BW_TRY(CheckActivation(in.node));
  if (in.has(2)) {
    BW_TRY(CheckDType(in, 2, kSum));
    if (in.types[2].shape != Shape{channels}) {
      return Fail("bias is {}, {} outputs need [{}]", ShapeText(in.types[2].shape), channels,
                  channels);
    }
  }
  const auto scales = in.node.attributes.Floats("weight_scales", {});
  if (scales.size() != 1 && static_cast<std::int64_t>(scales.size()) != channels) {
    return Fail("weight_scales has {} entries, allowed are 1 and {}", scales.size(), channels);
  }
  for (const float scale : scales) {
    if (!(scale >= 0) || std::isinf(scale)) {
      return Fail("weight_scales holds {}, scales must be finite and not negative", scale);
    }
  }
  if (products <= kMaxProducts) return {};
  return Fail("an output is the sum of {} products, at most {} are allowed", products,
              kMaxProducts);
}

// From sums to codes, for each output channel.
class Requantizer {
 public:
  // One scale for a fully connected layer multiplies the input's in float32, as the format's
  // kernels do; scales by channel multiply in double.
  enum class Product { kDouble, kFloat };

  Requantizer(const Node& node, std::int64_t channels, const ConstTensorRef* bias, Product product)
      : zero_(AffineOf(node, "output").zero), range_(RangeOf(node)), biases_(channels) {
    const auto scales = node.attributes.Floats("weight_scales", {});
    const float in = AffineOf(node, "input").scale, out = AffineOf(node, "output").scale;
    for (std::size_t c = 0; c < biases_.size(); ++c) {
      const float weight = scales[scales.size() == 1 ? 0 : c];
      const double both = product == Product::kFloat && scales.size() == 1
                              ? static_cast<double>(in * weight)
                              : static_cast<double>(in) * static_cast<double>(weight);
      by_.push_back(MakeMultiplier(both / static_cast<double>(out)));
      if (bias != nullptr) biases_[c] = bias->span<std::int32_t>()[c];
    }
  }

  // Of one channel without a bias.
  Requantizer(const Multiplier& by, std::int32_t zero, const CodeRange& range)
      : zero_(zero), range_(range), biases_{0}, by_{by} {}

  std::int8_t operator()(std::int64_t channel, std::int32_t sum) const {
    const auto c = static_cast<std::size_t>(channel);
    return ToCode(Saturated(std::int64_t{sum} + biases_[c]), by_[c], zero_, range_);
  }

  std::int32_t zero() const { return zero_; }
  const CodeRange& range() const { return range_; }
  const std::vector<std::int32_t>& biases() const { return biases_; }
  const std::vector<Multiplier>& multipliers() const { return by_; }

 private:
  std::int32_t zero_;
  CodeRange range_;
  std::vector<std::int32_t> biases_;
  std::vector<Multiplier> by_;
};

inline const ConstTensorRef* BiasOf(std::span<const ConstTensorRef> inputs) {
  return inputs.size() > 2 && inputs[2].data != nullptr ? &inputs[2] : nullptr;
}

// Height and width of [batch, height, width, channels].
inline std::span<const std::int64_t> Image(const Shape& shape) {
  return std::span<const std::int64_t>(shape).subspan(1, 2);
}

inline Expected<void> CheckImage(const InferInput& in, std::size_t i) {
  if (i < in.types.size() && in.types[i].shape.size() == 4) return {};
  return Fail("input {} must have 4 axes: batch, height, width, channels", i);
}

}  // namespace bw::ops::tflite
