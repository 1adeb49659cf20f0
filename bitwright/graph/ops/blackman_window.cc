#include "bitwright/graph/ops/signal_window.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef>,
               std::span<const TensorRef> outputs) {
  WindowValues(node, outputs[0], 0.42, 0.5, 0.08);
}

}  // namespace

BW_ENTRY(OpDef, blackman_window) = {
    .name = "BlackmanWindow", .infer = WindowType, .reference = Reference};

}  // namespace bw::ops
