#pragma once
// Nodes against ONNX's own operator definitions (libonnx, which knows them up to opset 17).

#include "bitwright/onnx/upgrade.h"

namespace bw {

// Attributes known, of the right type and none missing, by the definition of `node.op` in `opset`
// (17 when larger); `upgrade`, which may be null, adds what later opsets allow.
Expected<void> CheckAttributes(const Draft& node, int opset, const Upgrade* upgrade);

// The number of inputs and outputs, and none absent that is needed. Later opsets than 17 may have
// more, but no fewer than 17 needs.
Expected<void> CheckArity(const Draft& node, int opset);

}  // namespace bw
