#pragma once
// A layer that multiplies by a constant weight, and which channels each element of the weight
// joins.

#include <optional>
#include <vector>

#include "bitwright/graph/infer.h"

namespace bw {

// Conv, ConvTranspose, Gemm or MatMul of a matrix. Channels are on axis 1 of input and output.
struct LinearLayer {
  std::size_t node = 0;  // index into Graph::nodes
  ValueId input = kNoValue, weight = kNoValue, output = kNoValue;
  ValueId bias = kNoValue;  // absent, or a constant of one number for each output channel
  std::int64_t inputs = 0, outputs = 0;  // channels

  // The weight is [outputs, inputs / groups, taps], or [inputs, outputs / groups, taps].
  enum class Layout { kOutIn, kInOut } layout = Layout::kOutIn;
  std::int64_t groups = 1, second = 1, taps = 1;  // second: extent of axis 1

  // Channels that a weight element joins, by its flat index.
  std::int64_t InOf(std::int64_t element) const;
  std::int64_t OutOf(std::int64_t element) const;
};

// The layer that this node is, or nothing: the weight or bias is no constant, or channels are not
// on axis 1.
std::optional<LinearLayer> FindLinearLayer(const Graph& graph, const InferredTypes& types,
                                           std::size_t node);

// All of them, in execution order.
std::vector<LinearLayer> FindLinearLayers(const Graph& graph, const InferredTypes& types);

}  // namespace bw
