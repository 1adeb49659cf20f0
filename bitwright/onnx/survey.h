#pragma once
// What of a model lies outside Bitwright, found before anything is converted.

#include <onnx/onnx_pb.h>

#include "bitwright/base/error.h"

namespace bw {

inline constexpr int kMinOpset = 1;
inline constexpr int kMaxOpset = 21;

// The opset of ONNX's own operators that the model names; fails outside [1, 21] and when it names
// none.
Expected<int> OpsetOf(const onnx::ModelProto& model);

// Fails naming every operator that Bitwright lacks at once, subgraphs included, with the number of
// its nodes.
Expected<void> CheckOperators(const onnx::GraphProto& graph);

// True for the two spellings of ONNX's own domain.
bool IsOnnxDomain(const std::string& domain);

}  // namespace bw
