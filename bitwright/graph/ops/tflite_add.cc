// The sum of two int8 tensors.

#include "bitwright/graph/ops/tflite_binary.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  tflite::AddSigned(node, inputs, outputs, 1);
}

}  // namespace

BW_ENTRY(OpDef, tflite_add) = {
    .name = "TfliteAdd", .domain = kOwnDomain, .infer = tflite::BinaryType, .reference = Reference};

}  // namespace bw::ops
