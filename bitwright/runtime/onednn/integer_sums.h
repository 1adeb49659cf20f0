#pragma once
// Exact sums of products of integers by oneDNN's convolutions: bytes with 32-bit sums where the
// machine has VNNI, bf16 or float32 where no sum can pass 2^24.

#include <memory>
#include <vector>

#include "bitwright/runtime/onednn/axes.h"
#include "bitwright/runtime/onednn/integer_products.h"

namespace bw::kernels {

// A convolution of integers; a product of matrices is one of a single row of pixels.
struct SumsProblem {
  Shape source, weights, result;  // [1,H,W,C]; [O,I,kh,kw]; [1,H,W,C] of one run
  DType input = DType::kUint8;    // of what stands for source + offset: kUint8, kInt8 or kInt32
  std::int64_t group = 1;
  std::int32_t offset = 0;
  Axes axes;
  // Runs that make an image: where positions do not see each other an image is cut into strips, so
  // that its sums stay in the second cache.
  std::int64_t strips = 1;
  std::int64_t images = 1;  // pixels of several images of one pixel are one image
};

// The runs over images x [N,H,W,C] with filters [O,I,kh,kw], one group. Images of one pixel are
// rows of a single run.
SumsProblem MakeSumsProblem(const Shape& x, DType input, const Shape& weights,
                            const std::vector<ops::Window>& windows);

// What sums come as: rounded to float once (as int32 where a single product of bytes gives them),
// or as int32, which must hold them.
enum class SumsAs { kFloat, kInt32 };

class IntegerSums {
 public:
  // Throws dnnl::error where oneDNN has no implementation.
  IntegerSums(const SumsProblem& problem, const IntegerProducts& products, SumsAs as);
  ~IntegerSums();
  IntegerSums(const IntegerSums&) = delete;
  IntegerSums& operator=(const IntegerSums&) = delete;

  // int8 or int32, as `weights` of the problem.
  void BindWeights(ConstTensorRef weights);

  // Sums of one run from source elements; under OneThread. Valid until the next run.
  void Run(const std::byte* source);
  bool floats() const { return floats_; }
  template <typename Sum>
  const Sum* sums() const {
    return static_cast<const Sum*>(sums_);
  }

  std::size_t source_bytes() const { return source_bytes_; }  // of one run
  std::size_t positions() const { return positions_; }        // of one run
  std::size_t strips() const { return strips_; }

 private:
  struct Products;

  DType input_;
  std::int32_t offset_;
  std::size_t source_bytes_, positions_, count_, strips_;
  bool floats_, parts_are_floats_;
  std::unique_ptr<Products> products_;
  std::vector<float> rounded_;
  std::vector<std::int32_t> whole_;
  const void* sums_ = nullptr;
};

}  // namespace bw::kernels
