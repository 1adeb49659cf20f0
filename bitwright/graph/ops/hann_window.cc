#include "bitwright/graph/ops/signal_window.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef>,
               std::span<const TensorRef> outputs) {
  WindowValues(node, outputs[0], 0.5, 0.5, 0.0);
}

}  // namespace

BW_ENTRY(OpDef, hann_window) = {.name = "HannWindow", .infer = WindowType, .reference = Reference};

}  // namespace bw::ops
