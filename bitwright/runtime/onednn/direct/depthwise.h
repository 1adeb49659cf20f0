#pragma once
// Convolutions of one filter for each channel: direct kernels that go along rows of pixels.

#include <memory>
#include <vector>

#include "bitwright/graph/window.h"
#include "bitwright/runtime/kernel.h"

namespace bw::kernels {

// ConvLast of x [N, H, W, C] and as many output channels, weights and bias constant; null where
// vectors of channels do not fit. Sums the bias first, then the taps in row-major order, one
// rounding each.
std::unique_ptr<Kernel> MakeDepthwise(const Node& node, const Shape& x,
                                      const std::vector<ops::Window>& windows);

// IntegerConv of bytes x [N, H, W, C] that TakesSingleChannels (integer_sums.h), to bytes that are
// rounded in registers; null where they do not round in vectors.
std::unique_ptr<Kernel> MakeDepthwiseBytes(const Node& node, const TensorType& x,
                                           const TensorType& y,
                                           const std::vector<ops::Window>& windows);

// Whether the direct kernels take images of so many channels.
bool FitsDepthwise(std::int64_t channels, const std::vector<ops::Window>& windows);

// Sums of products of integers: floats that hold them where none passes 2^24.
class DepthwiseSums {
 public:
  // For images [H, W, C] that fit.
  DepthwiseSums(std::int64_t channels, const std::vector<ops::Window>& windows);
  ~DepthwiseSums();
  DepthwiseSums(const DepthwiseSums&) = delete;
  DepthwiseSums& operator=(const DepthwiseSums&) = delete;

  // int8 [C, 1, kh, kw].
  void BindWeights(ConstTensorRef weights);

  // Output rows first .. first + count - 1 of the image, whose elements (uint8 or int8) stand for
  // themselves less the offset: sums [count][out columns][C].
  void Run(const void* image, DType dtype, std::int32_t offset, std::int64_t first,
           std::int64_t count, float* sums) const;

 private:
  struct Filters;
  std::unique_ptr<Filters> filters_;
};

}  // namespace bw::kernels
