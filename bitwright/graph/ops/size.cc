// The number of elements, an int64 scalar.

#include "bitwright/graph/checks.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  return Types{{DType::kInt64, {}}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  outputs[0].span<std::int64_t>()[0] = ElementCount(inputs[0].shape);
}

}  // namespace

BW_ENTRY(OpDef, size) = {.name = "Size",
                         .role = OpRole::kShape,
                         .infer = Infer,
                         .reference = Reference,
                         .from_types = true};

}  // namespace bw::ops
