#pragma once
// Model-local functions, taken away before anything is converted.

#include <onnx/onnx_pb.h>

#include "bitwright/base/error.h"

namespace bw {

// Replaces every call of a local function, in graphs inside nodes too, by the function's nodes.
// Their names and values are prefixed by the call's. Fails on functions that call themselves and on
// calls whose inputs, outputs or attributes do not fit.
Expected<void> InlineFunctions(onnx::ModelProto& model);

}  // namespace bw
