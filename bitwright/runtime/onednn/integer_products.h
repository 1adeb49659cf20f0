#pragma once
// Which products of narrow numbers make the exact sums of an IntegerConv, on this machine.

#include <vector>

#include "bitwright/graph/graph.h"
#include "bitwright/runtime/digits.h"

namespace bw::kernels {

// What multiplies. Bytes add up in 32 bits, the others in float32, so that no sum of theirs may
// pass 2^24.
enum class ProductUnit { kBytes, kBf16, kFloat32 };

// The sums are those of every digit of the input times every digit of the weights.
struct IntegerProducts {
  ProductUnit unit = ProductUnit::kFloat32;
  std::vector<Digit> input, weights;
};

// What stands for the input of a convolution of integers.
struct IntegerInput {
  std::int32_t low = 0, high = 0;  // of the integers
  std::int32_t offset = 0;         // that stored elements have on top of them
  int significand_bits = 32;       // of the widest
};
IntegerInput InputOf(const Node& node);  // an IntegerConv

// The cheapest way on this machine for these weights (int8 or int32, [O, ...]): all ways give the
// same bits. Nothing where every way is too long.
std::optional<IntegerProducts> ChooseProducts(const IntegerInput& input, const Tensor& weights);

// Greatest possible |sum|, partial sums included, of one digit of the weights times one of the
// input.
double GreatestSum(const Tensor& weights, const Digit& weight, const Digit& input);

// to[i] = a digit of from[i] - offset, as T: uint8 or int8 for bytes, float, or bf16 as its bits.
// From: uint8, int8 or int32.
template <typename From, typename T>
void TakeDigit(const From* from, std::int32_t offset, const Digit& digit, T* to, std::size_t count);

// A product of digits and what it counts for.
struct Part {
  const void* sums;  // int32 or float
  double unit;
};

// total[i] = Total(sum of unit * sums[i]), the sum exact; Total is float, or std::int32_t, which
// must hold it.
template <typename Total>
void AddParts(const std::vector<Part>& parts, bool floats, Total* total, std::size_t count);

}  // namespace bw::kernels
