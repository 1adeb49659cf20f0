#include "bitwright/graph/ops/signal_window.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef>,
               std::span<const TensorRef> outputs) {
  WindowValues(node, outputs[0], 25.0 / 46, 21.0 / 46, 0.0);
}

}  // namespace

BW_ENTRY(OpDef, hamming_window) = {
    .name = "HammingWindow", .infer = WindowType, .reference = Reference};

}  // namespace bw::ops
