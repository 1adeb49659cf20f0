#include "bitwright/graph/ops/channels_last.h"

#include <algorithm>

#include "bitwright/graph/iterate.h"

namespace bw::ops {
namespace {

// The node as the op on [N, C, H, W].
Node AsFirst(const Node& node, std::string_view first, std::size_t inputs) {
  Node other = node;
  other.op = FindOp(first);
  other.inputs.resize(std::min(inputs, node.inputs.size()));
  return other;
}

}  // namespace

Tensor ToChannelsFirst(ConstTensorRef last) {
  Tensor first(last.dtype, ChannelsFirst(last.shape));
  DispatchNumeric(last.dtype, [&]<typename T>() {
    ForEachPlace(first.shape(),
                 [&](std::size_t f, std::size_t l) { first.span<T>()[f] = last.span<T>()[l]; });
  });
  return first;
}

void ToChannelsLast(ConstTensorRef first, TensorRef last) {
  DispatchNumeric(first.dtype, [&]<typename T>() {
    ForEachPlace(first.shape,
                 [&](std::size_t f, std::size_t l) { last.span<T>()[l] = first.span<T>()[f]; });
  });
}

Expected<Types> InferLast(const InferInput& in, std::string_view first, std::size_t inputs) {
  if (in.types[0].shape.size() != 4)
    return Fail("input is {}, four axes are needed", ShapeText(in.types[0].shape));
  std::vector<TensorType> types(in.types.begin(), in.types.end());
  types[0].shape = ChannelsFirst(types[0].shape);
  types.resize(std::min(inputs, types.size()));
  const Node node = AsFirst(in.node, first, inputs);
  BW_ASSIGN(Types out, node.op->infer({node, types, in.constants.subspan(0, types.size())}));
  out[0].shape = ChannelsLast(out[0].shape);
  return out;
}

void ReferenceLast(const Node& node, std::string_view first, std::size_t inputs,
                   std::span<const ConstTensorRef> given, TensorRef output) {
  const Node other = AsFirst(node, first, inputs);
  const Tensor x = ToChannelsFirst(given[0]);
  std::vector<ConstTensorRef> refs(given.begin(), given.end());
  refs[0] = x;
  refs.resize(other.inputs.size());
  Tensor y(output.dtype, ChannelsFirst(output.shape));
  const TensorRef result = y;
  other.op->reference(other, refs, {&result, 1});
  ToChannelsLast(y, output);
}

}  // namespace bw::ops
