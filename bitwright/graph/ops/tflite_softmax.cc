// Softmax of int8 codes along the last axis, in fixed point: outputs are in steps of 1/256 from
// -128. Exponentials are a Taylor polynomial on [-1/4, 0) times constants for the bits above, the
// reciprocal of their sum three steps of Newton's method.

#include "bitwright/graph/ops/tflite_integer.h"

namespace bw::ops {
namespace {

using tflite::MultiplyHigh;
using tflite::Saturated;
using tflite::ShiftRight;

constexpr int kDifferenceBits = 5, kSumBits = 12;  // integer bits of inputs and of the sum
constexpr std::int64_t kMaxRow = 4095;             // exponentials of 1 that the sum holds

// real * 2^bits.
std::int32_t Fixed(double real, int bits) {
  return Saturated(static_cast<std::int64_t>(std::round(std::ldexp(real, bits))));
}

std::int32_t ShiftLeft(std::int32_t x, int bits) {
  return Saturated(std::int64_t{x} * (std::int64_t{1} << bits));
}

// exp(x) for x in [-1/4, 0), both in units of 2^-31: around -1/8,
// exp(-1/8) * (1 + t + t^2/2 + t^3/6 + t^4/24).
std::int32_t ExpOfQuarter(std::int32_t x) {
  const std::int32_t at_eighth = Fixed(std::exp(-0.125), 31), third = Fixed(1.0 / 3, 31);
  const std::int32_t t = x + (1 << 28);
  const std::int32_t t2 = MultiplyHigh(t, t), t3 = MultiplyHigh(t2, t), t4 = MultiplyHigh(t2, t2);
  const std::int32_t tail = ShiftRight(MultiplyHigh(ShiftRight(t4, 2) + t3, third) + t2, 1);
  return at_eighth + MultiplyHigh(at_eighth, t + tail);
}

// exp(x) in units of 2^-31 for x <= 0 in units of 2^-26.
std::int32_t ExpOfNegative(std::int32_t x) {
  constexpr int kFraction = 31 - kDifferenceBits;
  constexpr std::int32_t kQuarter = 1 << (kFraction - 2);
  if (x == 0) return std::numeric_limits<std::int32_t>::max();
  const std::int32_t low = (x & (kQuarter - 1)) - kQuarter;
  const std::int32_t above = low - x;
  std::int32_t result = ExpOfQuarter(ShiftLeft(low, kDifferenceBits));
  for (int power = -2; power < kDifferenceBits; ++power) {
    if ((above & 1 << (kFraction + power)) == 0) continue;
    result = MultiplyHigh(result, Fixed(std::exp(-std::ldexp(1.0, power)), 31));
  }
  return result;
}

// 1 / (1 + x) for x in [0, 1), in units of 2^-31.
std::int32_t ReciprocalOfOneAnd(std::int32_t x) {
  constexpr std::int32_t kAlmostOne = std::numeric_limits<std::int32_t>::max();
  const auto half = static_cast<std::int32_t>((std::int64_t{x} + kAlmostOne + 1) / 2);
  std::int32_t y = Fixed(48.0 / 17, 29) + MultiplyHigh(half, Fixed(-32.0 / 17, 29));
  for (int i = 0; i < 3; ++i) {
    const std::int32_t rest = (1 << 29) - MultiplyHigh(half, y);
    y = Saturated(std::int64_t{y} + ShiftLeft(MultiplyHigh(y, rest), 2));
  }
  return ShiftLeft(y, 1);
}

// Differences of codes to Q5.26, and how far below the row's maximum a code still counts.
struct Scaling {
  tflite::Multiplier by;
  std::int32_t least;
  std::int32_t operator()(std::int32_t difference) const {
    return MultiplyHigh(ShiftLeft(difference, by.exponent), by.significand);
  }
};

Scaling ScalingOf(const Node& node) {
  const auto beta = static_cast<double>(node.attributes.Float("beta", 1));
  const auto scale = static_cast<double>(tflite::AffineOf(node, "input").scale);
  const double real = std::min(beta * scale * (1 << (31 - kDifferenceBits)), 2147483647.0);
  const tflite::Multiplier by = tflite::MakeMultiplier(real);
  const double radius =
      ((1 << kDifferenceBits) - 1) * std::ldexp(1.0, 31 - kDifferenceBits - by.exponent);
  return {by, -static_cast<std::int32_t>(std::floor(radius))};
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(tflite::CheckInt8(in, 0));
  BW_TRY(tflite::CheckAffine(in.node, "input", DType::kInt8));
  const Shape& x = in.types[0].shape;
  if (x.empty() || x.back() < 1 || x.back() > kMaxRow) {
    return Fail("input is {}, rows of 1 to {} elements are allowed", ShapeText(x), kMaxRow);
  }
  const float beta = in.node.attributes.Float("beta", 1);
  const double real = static_cast<double>(beta) * in.node.attributes.Float("input_scale", 1) *
                      (1 << (31 - kDifferenceBits));
  if (!(real > 1)) {
    return Fail("beta {} times the scale {} is too small, more than 2^-26 is needed", beta,
                in.node.attributes.Float("input_scale", 1));
  }
  return Types{in.types[0]};
}

void OneRow(const Scaling& scaled, std::span<const std::int8_t> x, std::span<std::int8_t> y) {
  const std::int32_t top = *std::max_element(x.begin(), x.end());
  std::int32_t sum = 0;
  for (const std::int8_t code : x) {
    if (code - top >= scaled.least) sum += ShiftRight(ExpOfNegative(scaled(code - top)), kSumBits);
  }
  const int headroom = __builtin_clz(static_cast<std::uint32_t>(sum));
  const auto excess = static_cast<std::int32_t>((static_cast<std::uint32_t>(sum) << headroom) -
                                                (std::uint32_t{1} << 31));
  const std::int32_t reciprocal = ReciprocalOfOneAnd(excess);
  const int shift = kSumBits - headroom + 31 - 8;
  for (std::size_t i = 0; i < x.size(); ++i) {
    y[i] = -128;
    if (x[i] - top < scaled.least) continue;
    const std::int32_t share = MultiplyHigh(reciprocal, ExpOfNegative(scaled(x[i] - top)));
    y[i] = static_cast<std::int8_t>(std::clamp(ShiftRight(share, shift) - 128, -128, 127));
  }
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Scaling scaling = ScalingOf(node);
  const auto x = inputs[0].span<std::int8_t>();
  const auto y = outputs[0].span<std::int8_t>();
  const auto length = static_cast<std::size_t>(inputs[0].shape.back());
  for (std::size_t i = 0; i + length <= x.size(); i += length) {
    OneRow(scaling, x.subspan(i, length), y.subspan(i, length));
  }
}

}  // namespace

BW_ENTRY(OpDef, tflite_softmax) = {
    .name = "TfliteSoftmax", .domain = kOwnDomain, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
