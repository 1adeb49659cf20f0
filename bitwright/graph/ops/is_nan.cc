#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_ASSIGN(Types types, SameFloat(in));
  types[0].dtype = DType::kBool;
  return types;
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto x = inputs[0].span<float>();
  const auto y = outputs[0].span<bool>();
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i] != x[i];
}

}  // namespace

BW_ENTRY(OpDef, is_nan) = {.name = "IsNaN", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
