#pragma once
// The arithmetic of Preprocess on one sample. Everything is computed in double in a fixed order and
// rounded once.

#include <cstdint>
#include <span>
#include <string>

#include "bitwright/base/error.h"
#include "bitwright/data/dataset.h"
#include "bitwright/tensor/tensor.h"

namespace bw {

// Refuses values out of range: std of 0, sizes below 1, other words for color and layouts.
Expected<void> CheckPreprocess(const Preprocess& preprocess, const std::string& where);

// What one sample becomes: `rows` rows of this shape.
struct RowPlan {
  std::int64_t rows = 1;
  Shape row_shape;
  std::int64_t elements() const { return rows * ElementCount(row_shape); }
};

// A rank-3 sample is an image in stored_layout (which is not empty here). Fails, naming no file,
// when the preprocessing does not fit the sample: crop beyond the image, mean or std of another
// length than 1 or its channels, BGR of other than 3 channels, a window of other than [T, F] with T
// >= window.
Expected<RowPlan> PlanRows(const TensorType& sample, const Preprocess& preprocess);

// Writes the rows of a uint8 or float32 sample whose plan holds out.size() elements.
// Images: the short side is resized to `resize`, the long one to floor(resize * long / short), by a
// triangle filter with half-pixel centres that widens when shrinking (antialiased, as Pillow's
// BILINEAR, without rounding to integers): output pixel i has centre z = (i + 0.5) * in / out and
// weights max(0, 1 - |j + 0.5 - z| / max(1, in / out)), normalised, columns first, then rows. The
// crop starts at floor((size - crop) / 2). Channels are reversed for bgr before mean and std, which
// are in the network's order. The channel axis is the first for nchw and the last for nhwc, of any
// rank.
void TransformSample(const Tensor& sample, const Preprocess& preprocess, std::span<float> out);

}  // namespace bw
