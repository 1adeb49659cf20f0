#pragma once
// Attributes of the file's nodes.

#include <onnx/onnx_pb.h>

#include <string>

#include "bitwright/graph/graph.h"

namespace bw {

// The attributes of a node; tensors are read as TensorFromProto reads them. Fails on subgraphs,
// sparse tensors, types, references to attributes of a function, duplicates, and an attribute
// without a value.
Expected<Attributes> AttributesFromProto(const onnx::NodeProto& node, const std::string& folder);

}  // namespace bw
