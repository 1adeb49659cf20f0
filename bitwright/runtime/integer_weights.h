#pragma once
// Quantized weights as integers: value = step of the output channel * integer, exact.

#include <algorithm>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/tensor/qtensor.h"

namespace bw {

struct IntegerWeights {
  Tensor integers;            // [O, I, kh, kw]: int8 where they fit, else int32
  std::vector<double> steps;  // by output channel
  std::int32_t low = 0, high = 0;
  int significand_bits = 0;  // of the widest integer
  double greatest_row = 0;   // greatest sum of |integer| of an output channel

  // Fills in what follows from `integers`, which are int32 and become int8 where they fit.
  void Finish();
  // The weights of `count` input channels from `first` on.
  IntegerWeights Inputs(std::int64_t first, std::int64_t count) const;
  std::int32_t magnitude() const { return std::max(-low, high); }
};

// The integers of weights whose output channels are on `axis`; a matrix gets them in front, and two
// axes of 1 behind. Several scales in a channel (blocks, tiles) go into the integers: a step is
// then a power of two times the element's unit (and the tensor's scale, of two levels). Fails where
// an integer would exceed kGreatestInteger in magnitude or the format has no integers.
Expected<IntegerWeights> ReadWeights(const QTensor& weight, int axis);

}  // namespace bw
