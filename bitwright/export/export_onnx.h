#pragma once
// A quantized graph out, as a standard ONNX file that any runtime opens.

#include <string>

#include "bitwright/graph/graph.h"

namespace bw {

// The bytes of an ONNX ModelProto (opset 17, IR version 8). Constants that carry codes are stored
// packed (n bits an element) and decoded by standard operators in local functions; FakeQuantize
// nodes become QuantizeLinear and DequantizeLinear where the format is an integer one, else a
// branch-free binary search over the format's thresholds. What an opset-17 runtime computes from
// the file equals what our executor computes from the graph, but for the order of float additions.
Expected<std::string> ExportOnnx(const Graph& graph);

}  // namespace bw
