#pragma once
// How the scale of a group of values is chosen: one file in quant/scales/ for each rule.

#include <optional>
#include <span>
#include <string_view>

#include "bitwright/base/registry.h"
#include "bitwright/tensor/qtensor.h"

namespace bw {

// The values that share a scale, and what is known of the whole they were drawn from.
struct ScaleInput {
  std::span<const float> values;  // all of them, or a random sample
  double min = 0, max = 0;        // of all
  const QuantSpec* spec = nullptr;
};

// value = scale * (element - zero).
struct Scale {
  double scale = 1;
  std::int32_t zero = 0;
};

struct ScaleMethod {
  std::string_view name;
  std::string_view summary;
  // The scale before it is rounded to its own format. `parameter` is what follows '=' in
  // "percentile=99.9"; NaN when absent. values is not empty and not all zero.
  Expected<Scale> (*choose)(const ScaleInput& input, double parameter) = nullptr;
};

namespace scales {
std::span<const ScaleMethod* const> All();
}

// The range [low, high] laid onto the element format: symmetric formats by the larger side,
// asymmetric ones with the zero point that makes 0 exact.
Scale ScaleForRange(double low, double high, const QuantSpec& spec);

// Scales (and zero points) for every group of a tensor; `method` is a name or name=parameter
// ("mse", "percentile=99.9"). A group of zeros gets scale 1. Scales are values of the spec's scale
// format.
Expected<QuantParams> ChooseScales(std::span<const float> values, const Grouping& grouping,
                                   const QuantSpec& spec, std::string_view method);

// Fails when there is no such method, or it refuses its parameter.
Expected<void> CheckMethodName(std::string_view method);

// One scale for values known by a sample and their range.
Expected<QuantParams> ChooseScale(const ScaleInput& input, std::string_view method);

}  // namespace bw
