#pragma once
// Writing or adding updates into a copy of the data.

#include <string>

#include "bitwright/graph/ops/elementwise.h"
#include "bitwright/graph/ops/move.h"

namespace bw::ops {

inline constexpr AttributeRule kScatterAttributes[] = {{"reduction", AttributeRule::Kind::kString}};

inline Expected<void> CheckReduction(const Node& node) {
  const std::string reduction = node.attributes.String("reduction", "none");
  for (const char* allowed : {"none", "add", "mul", "min", "max"}) {
    if (reduction == allowed) return {};
  }
  return Fail("reduction is '{}', allowed: none, add, mul, min, max", reduction);
}

// Index of an axis in [-extent, extent), counted from the front; others are clamped.
inline std::int64_t FrontIndex(std::int64_t index, std::int64_t extent) {
  const std::int64_t bounded = std::clamp(index, -extent, extent - 1);
  return bounded < 0 ? bounded + extent : bounded;
}

// Refuses known indices outside [-extent, extent).
inline Expected<void> CheckIndices(const Tensor* indices, std::int64_t extent) {
  if (indices == nullptr) return {};
  for (const std::int64_t index : ReadInts(*indices)) {
    if (index >= -extent && index < extent) continue;
    return Fail("index {} on an axis of {}, allowed are {} to {}", index, extent, -extent,
                extent - 1);
  }
  return {};
}

template <typename T>
T Combine(const std::string& reduction, T a, T b) {
  if constexpr (!std::is_same_v<T, bool>) {
    if (reduction == "add") return Wrapping(a, b, [](auto x, auto y) { return x + y; });
    if (reduction == "mul") return Wrapping(a, b, [](auto x, auto y) { return x * y; });
  }
  if (reduction == "min") return std::min(a, b);
  if (reduction == "max") return std::max(a, b);
  return b;
}

}  // namespace bw::ops
