#include "bitwright/runtime/onednn/integer_products.h"

#include <algorithm>
#include <cmath>
#include <dnnl.hpp>

#include "bitwright/runtime/onednn/vector.h"

namespace bw::kernels {
namespace {

using dnnl::cpu_isa;

// Products of bytes are added in pairs in 16 bits on machines without it, and saturate.
bool HasExactBytes(cpu_isa isa) {
  return isa == cpu_isa::avx512_core_vnni || isa == cpu_isa::avx512_core_bf16 ||
         isa == cpu_isa::avx512_core_amx || isa == cpu_isa::avx2_vnni;
}
bool HasBf16(cpu_isa isa) {
  return isa == cpu_isa::avx512_core_bf16 || isa == cpu_isa::avx512_core_amx;
}

struct Range {
  std::int32_t low = 0, high = 0;
};

Range RangeOf(const Tensor& weights) {
  Range range;
  const auto widen = [&](const auto& all) {
    for (const std::int32_t x : all) range = {std::min(range.low, x), std::max(range.high, x)};
  };
  if (weights.dtype() == DType::kInt8)
    widen(weights.span<std::int8_t>());
  else
    widen(weights.span<std::int32_t>());
  return range;
}

int SignificandBits(const Tensor& weights) {
  std::uint32_t widest = 0;
  if (weights.dtype() == DType::kInt8) return 8;
  for (const std::int32_t x : weights.span<std::int32_t>()) {
    auto odd = static_cast<std::uint32_t>(std::abs(x));
    while (odd != 0 && odd % 2 == 0) odd /= 2;
    widest = std::max(widest, odd);
  }
  return static_cast<int>(std::bit_width(widest));
}

bool AllExact(const IntegerProducts& products, const Tensor& weights) {
  for (const Digit& weight : products.weights) {
    for (const Digit& input : products.input) {
      if (GreatestSum(weights, weight, input) > kExactInFloat) return false;
    }
  }
  return true;
}

// A weight of c bits costs as much as the input's: what counts is the number of products.
std::optional<IntegerProducts> FloatProducts(const Range& input, const Range& range,
                                             const Tensor& weights) {
  std::optional<IntegerProducts> best;
  for (const int input_bits : {0, 8}) {
    for (const int weight_bits : {0, 8, 4, 2}) {
      IntegerProducts products{ProductUnit::kFloat32, SplitInput(input.low, input.high, input_bits),
                               SplitWeights(range.low, range.high, weight_bits)};
      const std::size_t count = products.input.size() * products.weights.size();
      if (best && count >= best->input.size() * best->weights.size()) continue;
      if (AllExact(products, weights)) best = std::move(products);
    }
  }
  return best;
}

template <typename T>
double GreatestRow(std::span<const T> weights, std::size_t terms, const Digit& digit) {
  double most = 0;
  for (std::size_t first = 0; first < weights.size(); first += terms) {
    double sum = 0;
    for (const T weight : weights.subspan(first, terms))
      sum += std::abs(static_cast<double>(WeightDigit(weight, digit)));
    most = std::max(most, sum);
  }
  return most;
}

// The upper half of a float that has no lower half.
std::uint16_t ToBf16(float x) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16);
}

template <typename T>
T Convert(std::int32_t digit) {
  if constexpr (std::is_same_v<T, std::uint16_t>)
    return ToBf16(static_cast<float>(digit));
  else
    return static_cast<T>(digit);
}

template <typename From, typename T>
BW_VECTORIZE void DigitLoop(const From* from, std::int32_t offset, std::int32_t shift,
                            std::int32_t mask, T* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t x = static_cast<std::int32_t>(from[i]) - offset;
    to[i] = Convert<T>((x >> shift) & mask);
  }
}

template <typename Sum>
BW_VECTORIZE void AddScaled(const Sum* sums, double unit, double* total, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) total[i] += unit * static_cast<double>(sums[i]);
}

template <typename Total>
BW_VECTORIZE void Narrow(const double* total, Total* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<Total>(total[i]);
}

}  // namespace

double GreatestSum(const Tensor& weights, const Digit& weight, const Digit& input) {
  const auto terms = static_cast<std::size_t>(weights.size() / weights.shape()[0]);
  const double row = weights.dtype() == DType::kInt8
                         ? GreatestRow(weights.span<std::int8_t>(), terms, weight)
                         : GreatestRow(weights.span<std::int32_t>(), terms, weight);
  return row * input.magnitude();
}

IntegerInput InputOf(const Node& node) {
  return {static_cast<std::int32_t>(node.attributes.Int("input_low", 0)),
          static_cast<std::int32_t>(node.attributes.Int("input_high", 0)),
          static_cast<std::int32_t>(node.attributes.Int("offset", 0)),
          static_cast<int>(node.attributes.Int("input_significand", 32))};
}

std::optional<IntegerProducts> ChooseProducts(const IntegerInput& input, const Tensor& weights) {
  const cpu_isa isa = dnnl::get_effective_cpu_isa();
  const Range range = RangeOf(weights);
  IntegerProducts bytes{ProductUnit::kBytes, SplitInput(input.low, input.high, 8),
                        SplitWeights(range.low, range.high, 8)};
  // A byte with its zero point outside is one digit all the same.
  if (input.offset != 0) bytes.input = SplitInput(input.low, input.high, 0);
  const std::size_t count = bytes.input.size() * bytes.weights.size();
  if (HasExactBytes(isa) && count == 1) return bytes;
  IntegerProducts bf16{ProductUnit::kBf16, SplitInput(input.low, input.high, 0),
                       SplitWeights(range.low, range.high, 0)};
  const bool narrow = input.significand_bits <= 8 && SignificandBits(weights) <= 8;
  if (HasBf16(isa) && narrow && AllExact(bf16, weights)) return bf16;
  if (HasExactBytes(isa) && count <= 4) return bytes;
  return FloatProducts({input.low, input.high}, range, weights);
}

template <typename From, typename T>
void TakeDigit(const From* from, std::int32_t offset, const Digit& digit, T* to,
               std::size_t count) {
  const std::int32_t mask = digit.top ? -1 : (1 << digit.bits) - 1;
  DigitLoop(from, offset, digit.shift, mask, to, count);
}

#define BW_TAKE_DIGIT(From)                                                                      \
  template void TakeDigit(const From*, std::int32_t, const Digit&, std::uint8_t*, std::size_t);  \
  template void TakeDigit(const From*, std::int32_t, const Digit&, std::int8_t*, std::size_t);   \
  template void TakeDigit(const From*, std::int32_t, const Digit&, std::uint16_t*, std::size_t); \
  template void TakeDigit(const From*, std::int32_t, const Digit&, float*, std::size_t)
BW_TAKE_DIGIT(std::uint8_t);
BW_TAKE_DIGIT(std::int8_t);
BW_TAKE_DIGIT(std::int32_t);
#undef BW_TAKE_DIGIT

template <typename Total>
void AddParts(const std::vector<Part>& parts, bool floats, Total* total, std::size_t count) {
  constexpr std::size_t kPiece = 1024;
  double exact[kPiece];
  for (std::size_t first = 0; first < count; first += kPiece) {
    const std::size_t piece = std::min(kPiece, count - first);
    std::fill_n(exact, piece, 0.0);
    for (const Part& part : parts) {
      if (floats)
        AddScaled(static_cast<const float*>(part.sums) + first, part.unit, exact, piece);
      else
        AddScaled(static_cast<const std::int32_t*>(part.sums) + first, part.unit, exact, piece);
    }
    Narrow(exact, total + first, piece);
  }
}
template void AddParts(const std::vector<Part>&, bool, float*, std::size_t);
template void AddParts(const std::vector<Part>&, bool, std::int32_t*, std::size_t);

}  // namespace bw::kernels
