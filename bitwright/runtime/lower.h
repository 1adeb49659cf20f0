#pragma once
// A quantized graph made ready for exact integer arithmetic: what was simulated is what runs.

#include <map>
#include <string>

#include "bitwright/graph/graph.h"
#include "bitwright/runtime/layer_path.h"

namespace bw {

struct Lowered {
  Graph graph;
  // Of the nodes that multiply by weights, by node name.
  std::map<std::string, LayerArithmetic> layers;
};

// Replaces convolutions and products of matrices (Conv, Gemm, MatMul of two axes) of FakeQuantize's
// values by quantized constants with IntegerConv where both are integers of few bits times a unit
// (weights: a unit for each output channel) and an exact path exists; what lies between two of them
// (Relu, Clip) is fused, so that integers pass from layer to layer. Other nodes stay, with a
// reason. The names of values that remain are the same. docs/numerics.md, "Layers of integers",
// says what the arithmetic is.
Lowered LowerToIntegers(const Graph& graph);

}  // namespace bw
