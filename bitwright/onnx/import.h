#pragma once
// ONNX in: opset 1 to 21 (before 7: operators that have not changed since), external data, dynamic
// batch -> Graph in opset-17 vocabulary.

#include <string>

#include "bitwright/graph/graph.h"

namespace bw {

// Reads, checks and converts a model file; constants are folded, everything else is as the file
// says (BatchNormalization is still there), except that double, float16 and bfloat16 become
// float32. Weights with NaN or infinity, unsupported operators (all named at once), unknown opsets,
// truncated files and dangling names are refused with the file, the node and what is allowed.
Expected<Graph> ImportOnnx(const std::string& path);

// The same from bytes in memory; `folder` is where external data is looked for. `label` starts
// every message.
Expected<Graph> ImportOnnxBytes(std::string_view bytes, const std::string& folder,
                                const std::string& label);

}  // namespace bw
