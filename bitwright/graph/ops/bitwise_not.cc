#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) { return SameAsInput(in, kIntegers); }

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchInteger(outputs[0].dtype, [&]<typename T>() {
    MapElements<T>(inputs[0], outputs[0], [](T x) { return ~x; });
  });
}

}  // namespace

BW_ENTRY(OpDef, bitwise_not) = {
    .name = "BitwiseNot", .infer = Infer, .since = 18, .reference = Reference};

}  // namespace bw::ops
