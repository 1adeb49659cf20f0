#pragma once
// IntegerConv by windows of one element, of bytes: a kernel of our own that rounds its sums in
// registers.

#include <memory>
#include <vector>

#include "bitwright/graph/window.h"
#include "bitwright/runtime/kernel.h"

namespace bw::kernels {

// Null where this machine has no products of bytes in vectors of 512 bits, the windows are others,
// inputs or weights are no bytes, or the output is neither bytes that round in vectors nor floats
// with channels last.
std::unique_ptr<Kernel> MakePointwise(const Node& node, std::span<const TensorType> inputs,
                                      const TensorType& output,
                                      const std::vector<ops::Window>& windows);

}  // namespace bw::kernels
