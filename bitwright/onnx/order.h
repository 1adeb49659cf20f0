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

// What the graph reads without defining it, graphs inside its nodes included; in order of the first
// read, without repeats.
std::vector<std::string> FreeNames(const onnx::GraphProto& graph);

// The same of a node: its inputs and what its graphs read of the graph around them.
std::vector<std::string> ReadNames(const onnx::NodeProto& node);

// Indices of the nodes such that each reads only what stands before it: the file's order where that
// does, else the nearest (lowest index first). Fails naming a node on a cycle.
Expected<std::vector<int>> ExecutionOrder(const onnx::GraphProto& graph,
                                          const std::vector<std::string>& names);

}  // namespace bw
