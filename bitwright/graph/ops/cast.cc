// Element type conversion: to integers towards zero and saturating (NaN is 0), to bool by != 0.
// Integers wrap among themselves.

#include "bitwright/graph/ops/convert.h"

namespace bw::ops {
namespace {

// Attribute `to` is a TensorProto.DataType.
Expected<DType> Target(const Node& node) {
  switch (const std::int64_t to = node.attributes.Int("to", 0)) {
    case 1:
      return DType::kFloat32;
    case 2:
      return DType::kUint8;
    case 3:
      return DType::kInt8;
    case 6:
      return DType::kInt32;
    case 7:
      return DType::kInt64;
    case 9:
      return DType::kBool;
    default:
      return Fail(
          "to is data type {}, allowed: 1 (float), 2 (uint8), 3 (int8), 6 (int32), 7 (int64), "
          "9 (bool)",
          to);
  }
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_ASSIGN(const DType to, Target(in.node));
  return Types{{to, in.types[0].shape}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  ConvertElements(inputs[0], outputs[0]);
}

}  // namespace

BW_ENTRY(OpDef, cast) = {.name = "Cast", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
