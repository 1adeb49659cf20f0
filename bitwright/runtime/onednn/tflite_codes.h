#pragma once
// The fast form of ops::tflite::Requantizer: sums to codes, pixels of all channels at a time.

#include <vector>

#include "bitwright/graph/ops/tflite_layer.h"

namespace bw::kernels {

class TfliteCodes {
 public:
  explicit TfliteCodes(ops::tflite::Requantizer law);

  // The law's codes of sums [pixels][channels].
  void Take(const std::int32_t* sums, std::size_t pixels, std::int8_t* codes) const;

  static constexpr std::size_t kLanes = 8;
  // What the loops read: by channel, repeated for as many pixels as a piece holds, the bias, the
  // upper and the lower 16 bits of the significand, 2^exponent; codes of all.
  struct Channels {
    const double *bias, *upper, *lower, *power;
    double zero, low, high;
  };

 private:
  ops::tflite::Requantizer law_;
  bool shifts_right_ = true;  // every multiplier
  std::vector<double> bias_, upper_, lower_, power_;
};

}  // namespace bw::kernels
