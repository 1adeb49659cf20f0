#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckSameDType(in, 1, 0));
  BW_ASSIGN(Shape shape, Broadcast(in.types[0].shape, in.types[1].shape));
  return Types{{DType::kBool, std::move(shape)}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchAny(inputs[0].dtype, [&]<typename T>() {
    MapPairs<T, T, bool>(inputs, outputs[0], [](T a, T b) { return a == b; });
  });
}

}  // namespace

BW_ENTRY(OpDef, equal) = {.name = "Equal", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
