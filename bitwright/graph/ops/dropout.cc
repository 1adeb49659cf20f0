// Inference: the input as it is, and a mask (output 1) that is true everywhere.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 3, 2}));
  if (in.has(2)) {
    constexpr DType kFlag[] = {DType::kBool};
    BW_TRY(CheckDType(in, 2, kFlag));
    const Tensor* training = in.constants[2];
    if (training == nullptr || training->size() != 1 || training->span<bool>()[0]) {
      return Fail("input 2 (training_mode) is not the constant false, only inference is supported");
    }
  }
  Types types{in.types[0]};
  if (in.node.outputs.size() > 1) types.push_back({DType::kBool, in.types[0].shape});
  return types;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  CopyElements(node, inputs, outputs);
  if (outputs.size() < 2 || outputs[1].data == nullptr) return;
  const auto mask = outputs[1].span<bool>();
  std::fill(mask.begin(), mask.end(), true);
}

}  // namespace

BW_ENTRY(OpDef, dropout) = {
    .name = "Dropout", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
