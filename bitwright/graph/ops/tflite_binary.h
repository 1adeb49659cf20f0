#pragma once
// Two int8 inputs of scales of their own ("input_scale", "other_scale", ...), broadcast, to a
// third.

#include "bitwright/graph/ops/elementwise.h"
#include "bitwright/graph/ops/tflite_integer.h"

namespace bw::ops::tflite {

inline Expected<Types> BinaryType(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckInt8(in, 0));
  BW_TRY(CheckInt8(in, 1));
  for (const char* role : {"input", "other", "output"}) {
    BW_TRY(CheckAffine(in.node, role, DType::kInt8));
  }
  BW_TRY(CheckActivation(in.node));
  BW_ASSIGN(Shape shape, Broadcast(in.types[0].shape, in.types[1].shape));
  return Types{{DType::kInt8, std::move(shape)}};
}

// a + sign * b: both are brought to half the greater scale times 2^-20, added, and scaled once
// more.
struct SumTerms {
  explicit SumTerms(const Node& node)
      : a(AffineOf(node, "input")),
        b(AffineOf(node, "other")),
        zero(AffineOf(node, "output").zero),
        range(RangeOf(node)) {
    const double twice = 2 * static_cast<double>(std::max(a.scale, b.scale));
    by_a = MakeMultiplier(static_cast<double>(a.scale) / twice);
    by_b = MakeMultiplier(static_cast<double>(b.scale) / twice);
    by_out = MakeMultiplier(twice /
                            ((1 << kLeft) * static_cast<double>(AffineOf(node, "output").scale)));
  }

  std::int32_t Left(std::int8_t x) const { return Times((x - a.zero) * (1 << kLeft), by_a); }
  std::int32_t Right(std::int8_t y) const { return Times((y - b.zero) * (1 << kLeft), by_b); }

  static constexpr int kLeft = 20;
  Affine a, b;
  std::int32_t zero;
  CodeRange range;
  Multiplier by_a, by_b, by_out;
};

inline void AddSigned(const Node& node, std::span<const ConstTensorRef> inputs,
                      std::span<const TensorRef> outputs, std::int32_t sign) {
  const SumTerms terms(node);
  MapPairs<std::int8_t, std::int8_t, std::int8_t>(
      inputs, outputs[0], [&](std::int8_t x, std::int8_t y) {
        return ToCode(terms.Left(x) + sign * terms.Right(y), terms.by_out, terms.zero, terms.range);
      });
}

}  // namespace bw::ops::tflite
