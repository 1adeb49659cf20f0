#pragma once
// A quantized graph made ready for exact integer arithmetic: what was simulated is what runs.

#include <map>
#include <string>

#include "bitwright/graph/graph.h"

namespace bw {

// The arithmetic of one layer.
enum class LayerPath { kFloat32, kInt8 };
std::string_view PathName(LayerPath path);  // "float32", "int8"

struct Lowered {
  Graph graph;
  std::map<std::string, LayerPath> paths;  // of the nodes that multiply by weights, by node name
};

// Replaces convolutions and products of matrices (Conv, Gemm, MatMul of two axes) of FakeQuantize's
// values by quantized constants with IntegerConv where both are bytes times a unit, weights have
// one scale for each output channel, and no sum can leave 32 bits; what lies between two of them
// (Relu, Clip) is fused, so that bytes pass from layer to layer. Other nodes stay. The names of
// values that remain are the same. docs/numerics.md, "Layers of integers", says what the arithmetic
// is.
Lowered LowerToIntegers(const Graph& graph);

}  // namespace bw
