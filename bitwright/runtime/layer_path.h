#pragma once
// The arithmetic that a layer of a quantized network runs on.

#include <string>
#include <string_view>

#include "bitwright/graph/integer_grid.h"
#include "bitwright/runtime/integer_weights.h"

namespace bw {

// Ways to a sum of products of integers, all exact, and the one that rounds. Which one a layer
// takes does not depend on the machine; a machine without the units takes another exact way to the
// same bits.
enum class LayerPath {
  kFloat32,    // sums round
  kInt8,       // one product of bytes
  kSplitInt8,  // 2 to 4 products of bytes, of the upper and lower bytes of wider integers
  kBf16,       // at most 8 significant bits on both sides, and no sum beyond 2^24
};
std::string_view PathName(LayerPath path);  // "float32", "int8", "split int8", "bf16"

// A layer's path; for float32 the reason why it is no other.
struct LayerArithmetic {
  LayerPath path = LayerPath::kFloat32;
  std::string reason;
};

// The cheapest exact path, counting a product of bytes as 1 and one of bf16 as 2. Fails where there
// is none: sums could leave 32 bits, or more than 4 products of bytes would be due.
Expected<LayerPath> ExactPath(const IntegerGrid& grid, const IntegerWeights& weights);

}  // namespace bw
