#pragma once
// What a layer of a quantized network multiplies, as integers.

#include "bitwright/graph/graph.h"
#include "bitwright/runtime/layer_path.h"

namespace bw {

// The constants of a Conv, Gemm or MatMul.
struct LayerConstants {
  IntegerWeights weights;
  Tensor bias;  // [O] float32, zeros where the layer has none
};

// Fails where the node has no integer form, its weights are no integers of a unit for each output
// channel, or its bias is computed.
Expected<LayerConstants> ReadConstants(const Graph& graph, const Node& node);

// The layer with its input.
struct LayerOperands {
  Attributes rounding;  // of the input
  IntegerGrid grid;
  IntegerWeights weights;
  Tensor bias;
  LayerPath path;
};

// `rounding`: of the FakeQuantize that the input went through. Fails where its values are no
// integers, or no exact path exists.
Expected<LayerOperands> ReadOperands(const Attributes& rounding, const IntegerWeights& weights,
                                     const Tensor& bias);

// By output channel: float(step of the input * step of the weights).
Tensor Multiplier(const LayerOperands& layer);

}  // namespace bw
