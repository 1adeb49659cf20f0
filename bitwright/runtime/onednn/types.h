#pragma once
// Questions that every binding asks about a node before it takes it.

#include <span>

#include "bitwright/graph/graph.h"

namespace bw::kernels {

// Absent inputs count as float.
inline bool AllFloat(std::span<const TensorType> types) {
  for (const TensorType& type : types) {
    if (type.dtype != DType::kFloat32) return false;
  }
  return true;
}

inline bool HasInput(const Node& node, std::size_t i) {
  return i < node.inputs.size() && node.inputs[i] != kNoValue;
}

}  // namespace bw::kernels
