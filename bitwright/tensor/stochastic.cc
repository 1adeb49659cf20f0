#include "bitwright/tensor/stochastic.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "bitwright/base/rng.h"
#include "bitwright/tensor/code_kernels.h"
#include "bitwright/tensor/group_runs.h"

namespace bw {
namespace {

constexpr std::size_t kChunk = 1024;
constexpr int kByteBits = 8;

double UniformOf(std::uint64_t seed, std::size_t element) {
  return static_cast<double>(RandomBits(seed, element) >> 11) * 0x1p-53;
}

// Rounds the elements of one group to indices of the element's values.
class Rounder {
 public:
  Rounder(const QuantSpec& spec, std::uint64_t seed)
      : values_(spec.element.values()), element_(spec.element), spec_(spec), seed_(seed) {
    if (spec.element.bits() > kByteBits) return;
    for (std::size_t i = 0; i < values_.size(); ++i) index_of_code_[element_.codes()[i]] = i;
  }

  // Calls body(element, index of its value) for each element of x; the first is number `first`.
  template <typename Body>
  void Run(std::span<const float> x, std::size_t first, float scale, std::int32_t zero,
           const Body& body) const {
    std::array<std::uint8_t, kChunk> codes;
    const bool by_codes = spec_.symmetric && element_.bits() <= kByteBits;
    for (std::size_t begin = 0; begin < x.size(); begin += kChunk) {
      const std::span<const float> chunk = x.subspan(begin, std::min(kChunk, x.size() - begin));
      if (by_codes) EncodeRow(CodeTableOf(element_), chunk, scale, 0, true, codes.data());
      for (std::size_t i = 0; i < chunk.size(); ++i) {
        const double ratio = static_cast<double>(chunk[i]) / static_cast<double>(scale);
        const std::size_t element = first + begin + i;
        if (!spec_.symmetric) {
          body(element, ShiftedIndex(ratio, zero, element));
        } else if (by_codes) {
          body(element, Choose(ratio, index_of_code_[codes[i]], element));
        } else {
          body(element, Choose(ratio, IndexNear(ratio), element));
        }
      }
    }
  }

 private:
  // The index of the greatest value not above the ratio, or 0.
  std::size_t IndexNear(double ratio) const {
    const double number = std::isnan(ratio) ? element_.Round(ratio) : ratio;
    const auto above = std::upper_bound(values_.begin(), values_.end(), number);
    return above == values_.begin() ? 0 : static_cast<std::size_t>(above - values_.begin()) - 1;
  }

  // `near` is the index of one of the ratio's neighbours.
  std::size_t Choose(double ratio, std::size_t near, std::size_t element) const {
    if (ratio < values_[near] && near > 0) --near;
    if (near + 1 == values_.size() || !(ratio > values_[near])) return near;
    const double low = values_[near], high = values_[near + 1];
    return UniformOf(seed_, element) < (ratio - low) / (high - low) ? near + 1 : near;
  }

  std::size_t ShiftedIndex(double ratio, std::int32_t zero, std::size_t element) const {
    double integer = 0;
    if (!std::isnan(ratio)) {
      const double limited = std::clamp(ratio, -0x1p40, 0x1p40);
      integer = std::floor(limited);
      if (UniformOf(seed_, element) < limited - integer) ++integer;
    }
    const double value = std::clamp(integer + zero, values_.front(), values_.back());
    return static_cast<std::size_t>(value - values_.front());
  }

  std::span<const double> values_;
  const Format& element_;
  const QuantSpec& spec_;
  std::uint64_t seed_;
  std::array<std::size_t, 256> index_of_code_ = {};
};

Expected<void> CheckElement(const QuantSpec& spec) {
  if (!spec.element.values().empty()) return {};
  return Fail(
      "{}: stochastic rounding needs an element of at most 16 bits, got '{}', allowed is "
      "every format but fp32",
      spec.ToString(), spec.element.name());
}

// Calls body(element, index of its value, scale, zero) for each element.
template <typename Body>
void ForEachRounded(std::span<const float> values, const Grouping& grouping, const QuantSpec& spec,
                    const QuantParams& params, std::uint64_t seed, const Body& body) {
  const Rounder rounder(spec, seed);
  ForEachRun(grouping, [&](const GroupRun& run) {
    const std::size_t size = run.step == 0 ? run.size : 1;
    for (std::size_t i = 0; i < run.size; i += size) {
      const std::size_t group = run.group + i * run.step;
      const float scale = params.scales[group];
      const std::int32_t zero = params.zeros.empty() ? 0 : params.zeros[group];
      const std::size_t first = run.begin + i;
      rounder.Run(
          values.subspan(first, size), first, scale, zero,
          [&](std::size_t element, std::size_t index) { body(element, index, scale, zero); });
    }
  });
}

}  // namespace

Expected<QTensor> QuantizeStochastic(ConstTensorRef values, const QuantSpec& spec,
                                     const QuantParams& params, std::uint64_t seed) {
  BW_TRY(CheckElement(spec));
  BW_ASSIGN(const Grouping grouping, MakeGrouping(spec.grain, values.shape));
  BW_TRY(CheckParams(spec, grouping, params));
  const std::span<const float> elements = values.span<float>();
  std::vector<Code> codes(elements.size());
  ForEachRounded(elements, grouping, spec, params, seed,
                 [&](std::size_t element, std::size_t index, float, std::int32_t) {
                   codes[element] = spec.element.codes()[index];
                 });
  return QTensor{values.shape, spec, params, Pack(codes, spec.element.bits())};
}

Expected<void> FakeQuantizeStochastic(std::span<float> values, const Grouping& grouping,
                                      const QuantSpec& spec, const QuantParams& params,
                                      std::uint64_t seed) {
  BW_TRY(CheckElement(spec));
  BW_TRY(CheckParams(spec, grouping, params));
  ForEachRounded(values, grouping, spec, params, seed,
                 [&](std::size_t element, std::size_t index, float scale, std::int32_t zero) {
                   const double value = spec.element.values()[index] - zero;
                   values[element] = scale * static_cast<float>(value);
                 });
  return {};
}

}  // namespace bw
