#pragma once
// GraphProto -> Graph, node by node.

#include <onnx/onnx_pb.h>

#include <string>

#include "bitwright/graph/graph.h"

namespace bw {

// Values, constants and upgraded nodes in execution order. Names are checked (each defined once,
// none dangling), weights finite; types of all values but the inputs are left open. Operators must
// have passed CheckOperators.
Expected<Graph> BuildGraph(const onnx::GraphProto& proto, int opset, const std::string& folder);

}  // namespace bw
