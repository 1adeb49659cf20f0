#pragma once
// The loop nest of a node that multiplies.

#include <span>

#include "bitwright/cost/work.h"

namespace bw {

// For the types of its inputs and outputs; `macs` is their product where the node is no
// convolution.
Extents ExtentsOf(const Node& node, std::span<const TensorType> inputs,
                  std::span<const TensorType> outputs, std::int64_t macs);

}  // namespace bw
