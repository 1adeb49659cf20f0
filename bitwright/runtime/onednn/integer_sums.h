#pragma once
// Exact sums of products of integers: oneDNN's convolutions of bytes with 32-bit sums where the
// machine has VNNI, of bf16 or float32 where no sum can pass 2^24; our own of single channels.

#include <memory>
#include <vector>

#include "bitwright/runtime/onednn/axes.h"
#include "bitwright/runtime/onednn/integer_products.h"

namespace bw::kernels {

// A convolution of integers; a product of matrices is one of a single row of pixels.
struct SumsProblem {
  Shape image;                  // x [N,H,W,C]
  DType dtype = DType::kUint8;  // of what stands for x + offset: kUint8, kInt8 or kInt32
  IntegerInput input;
  std::vector<ops::Window> windows;  // two
  std::int64_t group = 1;
};

// What sums come as: rounded to float once (as int32 where a single product of bytes gives them),
// or as int32, which must hold them.
enum class SumsAs { kFloat, kInt32 };

// The exact sums of images, strip by strip, so that a strip's sums stay in the cache. A strip is
// some of the image's output positions, all channels of one after the other.
class IntegerSums {
 public:
  virtual ~IntegerSums() = default;

  // int8 or int32 [O,I/group,kh,kw], of the dtype that the sums were made for.
  virtual void BindWeights(ConstTensorRef weights) = 0;
  // Valid until the next run; under OneThread.
  virtual void Run(const std::byte* image, std::size_t strip) = 0;

  bool floats() const { return floats_; }
  template <typename Sum>
  const Sum* sums() const {
    return static_cast<const Sum*>(sums_);
  }
  std::size_t images() const { return images_; }  // images of one pixel are pixels of one
  std::size_t image_bytes() const { return image_bytes_; }
  std::size_t strips() const { return strips_; }        // of an image
  std::size_t positions() const { return positions_; }  // of a strip

 protected:
  std::size_t images_ = 1, image_bytes_ = 0, strips_ = 1, positions_ = 1;
  bool floats_ = false;
  const void* sums_ = nullptr;
};

// Whether each channel has a filter of its own that our depthwise kernels take, and float32 holds
// every sum exactly.
bool TakesSingleChannels(const SumsProblem& problem, const Tensor& weights);

// Null where every exact way on this machine is too long. Throws dnnl::error where oneDNN has no
// implementation.
std::unique_ptr<IntegerSums> MakeIntegerSums(const SumsProblem& problem, const Tensor& weights,
                                             SumsAs as);

}  // namespace bw::kernels
