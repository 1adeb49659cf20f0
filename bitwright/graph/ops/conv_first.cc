// Conv of [N, C, H, W] that gives [N, H, W, O]: y = min(max(conv(x, w) + bias, low), high). Inputs
// x, w [O, C/group, kh, kw], bias [O] or none; attributes of Conv, and low and high, which do not
// bind where absent.

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/graph/window.h"

namespace bw::ops {
namespace {

Node AsConv(const Node& node) {
  Node conv = node;
  conv.op = FindOp("Conv");
  return conv;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 3, 1}));
  const Node conv = AsConv(in.node);
  BW_ASSIGN(Types out, conv.op->infer({conv, in.types, in.constants}));
  if (out[0].shape.size() != 4)
    return Fail("input is {}, four axes are needed", ShapeText(in.types[0].shape));
  out[0].shape = ChannelsLast(out[0].shape);
  return out;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Node conv = AsConv(node);
  Tensor first(DType::kFloat32, ChannelsFirst(outputs[0].shape));
  const TensorRef result = first;
  conv.op->reference(conv, inputs, {&result, 1});
  KeepWithinBounds(node, first.span<float>());
  ToChannelsLast(first, outputs[0]);
}

}  // namespace

BW_ENTRY(OpDef, conv_first) = {.name = "ConvFirst",
                               .domain = kOwnDomain,
                               .role = OpRole::kCompute,
                               .infer = Infer,
                               .reference = Reference,
                               .macs = ConvolutionMacs};

}  // namespace bw::ops
