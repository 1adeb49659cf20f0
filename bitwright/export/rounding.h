#pragma once
// How a format's rounding is written with standard operators: derived from its values, thresholds
// and ties.

#include <cstdint>
#include <optional>
#include <vector>

#include "bitwright/numerics/quant_spec.h"

namespace bw {

// Every value is k * unit, k = low..high without a gap, unit a power of two, and ties go to even k:
// the rounding of QuantizeLinear. `low` and `high` fit int8 (is_signed) or uint8.
struct ByteGrid {
  double unit = 1;
  int low = 0, high = 0;
  bool is_signed = true;
};
// `zero` is the zero point; it fits the byte as well.
std::optional<ByteGrid> FindByteGrid(const Format& format, std::int32_t zero);

// The values in magnitude order are runs of multiples of one step each, a power of two, and ties go
// to the even multiple: integers, fixed and floating point. A number q rounds to step *
// RoundHalfEven(q / step) where step belongs to the run that |q| lies in (q for an unsigned format)
// after it is clamped to [low, high].
struct StepRuns {
  double low = 0, high = 0;
  std::vector<double> bounds;  // run i is [bounds[i-1], bounds[i])
  std::vector<double> steps;   // one more than bounds
};
std::optional<StepRuns> FindStepRuns(const Format& format);

}  // namespace bw
