#pragma once
// [N, C, H, W] and [N, H, W, C].

#include <limits>

#include "bitwright/graph/checks.h"
#include "bitwright/graph/op.h"

namespace bw::ops {

inline Shape ChannelsLast(const Shape& s) { return {s[0], s[2], s[3], s[1]}; }
inline Shape ChannelsFirst(const Shape& s) { return {s[0], s[3], s[1], s[2]}; }

// Calls move(first, last) with the flat indices of every element in both orders.
template <typename Move>
void ForEachPlace(const Shape& channels_first, const Move& move) {
  const std::int64_t channels = channels_first[1];
  const std::int64_t positions = channels_first[2] * channels_first[3];
  for (std::int64_t n = 0; n < channels_first[0]; ++n) {
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t p = 0; p < positions; ++p) {
        const std::int64_t first = (n * channels + c) * positions + p;
        const std::int64_t last = (n * positions + p) * channels + c;
        move(static_cast<std::size_t>(first), static_cast<std::size_t>(last));
      }
    }
  }
}

// How the float side of an op between floats and integers stands: attribute channels_last.
enum class Order { kFirst, kLast };
inline Order OrderOf(const Node& node) {
  return node.attributes.Int("channels_last", 0) != 0 ? Order::kLast : Order::kFirst;
}

// The same for floats in that order: with kLast both places are equal.
template <typename Move>
void ForEachPlace(Order order, const Shape& floats, const Move& move) {
  if (order == Order::kFirst) return ForEachPlace(floats, move);
  const auto count = static_cast<std::size_t>(ElementCount(floats));
  for (std::size_t i = 0; i < count; ++i) move(i, i);
}

// The elements of [N, H, W, C] as [N, C, H, W], and back.
Tensor ToChannelsFirst(ConstTensorRef last);
void ToChannelsLast(ConstTensorRef first, TensorRef last);

// The type rule and the reference of an op whose input 0 and output are [N, H, W, C], by those of
// the ONNX op `first` on [N, C, H, W]; that op gets the node's first `inputs` inputs.
Expected<Types> InferLast(const InferInput& in, std::string_view first, std::size_t inputs);
void ReferenceLast(const Node& node, std::string_view first, std::size_t inputs,
                   std::span<const ConstTensorRef> given, TensorRef output);

// y = min(max(y, low), high), of the node's attributes low and high, which do not bind where
// absent.
inline void KeepWithinBounds(const Node& node, std::span<float> y) {
  const float low = node.attributes.Float("low", -std::numeric_limits<float>::infinity());
  const float high = node.attributes.Float("high", std::numeric_limits<float>::infinity());
  for (float& element : y) {
    const float raised = element < low ? low : element;
    element = raised > high ? high : raised;
  }
}

}  // namespace bw::ops
