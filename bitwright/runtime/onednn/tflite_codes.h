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

 private:
  ops::tflite::Requantizer law_;
  std::vector<std::int32_t> significand_, right_;  // by channel
  bool shifts_right_ = true;                       // every multiplier
};

}  // namespace bw::kernels
