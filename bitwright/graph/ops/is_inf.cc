#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_ASSIGN(Types types, SameFloat(in));
  types[0].dtype = DType::kBool;
  return types;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const bool negative = node.attributes.Int("detect_negative", 1) != 0;
  const bool positive = node.attributes.Int("detect_positive", 1) != 0;
  const auto x = inputs[0].span<float>();
  const auto y = outputs[0].span<bool>();
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = std::isinf(x[i]) && (x[i] < 0 ? negative : positive);
  }
}

}  // namespace

BW_ENTRY(OpDef, is_inf) = {.name = "IsInf", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
