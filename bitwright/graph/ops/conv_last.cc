// Conv on [N, H, W, C] with what stands behind it: y = min(max(conv(x, w) + bias + addend, low),
// high). Inputs x [N, H, W, C], w [O, C/group, kh, kw], bias [O] or none, addend of y's shape or
// none; attributes of Conv, and low and high, which do not bind where absent.

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/graph/window.h"

namespace bw::ops {
namespace {

constexpr std::size_t kAddend = 3;

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 4, 1}));
  BW_ASSIGN(Types out, InferLast(in, "Conv", kAddend));
  if (in.has(kAddend) && in.types[kAddend] != out[0]) {
    return Fail("addend is {}, {} is needed", ShapeText(in.types[kAddend].shape),
                ShapeText(out[0].shape));
  }
  return out;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  ReferenceLast(node, "Conv", kAddend, inputs, outputs[0]);
  const bool adds = inputs.size() > kAddend && inputs[kAddend].data != nullptr;
  const auto y = outputs[0].span<float>();
  for (std::size_t i = 0; adds && i < y.size(); ++i) y[i] += inputs[kAddend].span<float>()[i];
  KeepWithinBounds(node, y);
}

}  // namespace

BW_ENTRY(OpDef, conv_last) = {.name = "ConvLast",
                              .domain = kOwnDomain,
                              .role = OpRole::kCompute,
                              .infer = Infer,
                              .reference = Reference,
                              .macs = ConvolutionMacs};

}  // namespace bw::ops
