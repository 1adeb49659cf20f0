#include "bitwright/runtime/layer_path.h"

#include <limits>

#include "bitwright/runtime/digits.h"

namespace bw {

std::string_view PathName(LayerPath path) {
  switch (path) {
    case LayerPath::kFloat32:
      return "float32";
    case LayerPath::kInt8:
      return "int8";
    case LayerPath::kSplitInt8:
      return "split int8";
    case LayerPath::kBf16:
      return "bf16";
  }
  return "?";
}

Expected<LayerPath> ExactPath(const IntegerGrid& grid, const IntegerWeights& weights) {
  constexpr std::size_t kMostProducts = 4;
  const bool byte = grid.dtype != DType::kInt32;
  const std::size_t input = byte ? 1 : SplitInput(grid.low, grid.high, 8).size();
  const std::size_t weight = SplitWeights(weights.low, weights.high, 8).size();
  const double greatest = weights.greatest_row * grid.magnitude();
  const bool narrow = grid.significand_bits <= 8 && weights.significand_bits <= 8;
  const bool bf16 = narrow && greatest <= kExactInFloat;
  if (input * weight > 1 && bf16) return LayerPath::kBf16;
  if (input * weight > kMostProducts) {
    return Fail(
        "inputs are integers of {} bytes and weights of {}, at most {} products of bytes "
        "are taken",
        input, weight, kMostProducts);
  }
  const double terms = static_cast<double>(weights.integers.size()) /
                       static_cast<double>(weights.integers.shape()[0]);
  const double most = input * weight == 1 ? greatest : terms * 255 * 128;
  if (most > std::numeric_limits<std::int32_t>::max())
    return Fail("sums of {} products may leave 32 bits", terms);
  return input * weight == 1 ? LayerPath::kInt8 : LayerPath::kSplitInt8;
}

}  // namespace bw
