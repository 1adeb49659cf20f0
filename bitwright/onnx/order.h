#pragma once
// Names and execution order of the file's nodes.

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

#include "bitwright/base/error.h"

namespace bw {

// A readable unique name for each node: the file's where it has one ("conv"), "conv_2" for the next
// of that name, the operator and the place in the file ("Conv_7") for the nameless.
std::vector<std::string> NodeNames(const onnx::GraphProto& graph);

// Indices of the nodes such that each reads only what stands before it: the file's order where that
// does, else the nearest (lowest index first). Fails naming a node on a cycle.
Expected<std::vector<int>> ExecutionOrder(const onnx::GraphProto& graph,
                                          const std::vector<std::string>& names);

}  // namespace bw
