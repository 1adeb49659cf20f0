// The tensor in attribute value, value_float(s) or value_int(s).

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<Tensor> Value(const Attributes& attributes) {
  if (const Tensor* value = attributes.FindTensor("value")) return *value;
  if (attributes.Has("value_float")) {
    return Tensor::From<float>({}, std::vector{attributes.Float("value_float", 0)});
  }
  if (attributes.Has("value_int")) {
    return Tensor::From<std::int64_t>({}, std::vector{attributes.Int("value_int", 0)});
  }
  const auto count = [](const auto& list) { return Shape{static_cast<std::int64_t>(list.size())}; };
  if (attributes.Has("value_floats")) {
    const auto list = attributes.Floats("value_floats", {});
    return Tensor::From<float>(count(list), list);
  }
  if (attributes.Has("value_ints")) {
    const auto list = attributes.Ints("value_ints", {});
    return Tensor::From<std::int64_t>(count(list), list);
  }
  return Fail(
      "it has no value; allowed attributes: value, value_float, value_floats, value_int, "
      "value_ints");
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {0, 0, 1}));
  BW_ASSIGN(const Tensor value, Value(in.node.attributes));
  return Types{value.type()};
}

void Reference(const Node& node, std::span<const ConstTensorRef>,
               std::span<const TensorRef> outputs) {
  const Tensor value = Value(node.attributes).value();
  const std::array<ConstTensorRef, 1> inputs = {value};
  CopyElements(node, inputs, outputs);
}

}  // namespace

BW_ENTRY(OpDef, constant) = {
    .name = "Constant", .role = OpRole::kShape, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
