// The elements of input 0 in the type of input 1.

#include "bitwright/graph/ops/convert.h"

namespace bw::ops {
namespace {

constexpr AttributeRule kAttributes[] = {{"saturate", AttributeRule::Kind::kInt}};

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  return Types{{in.types[1].dtype, in.types[0].shape}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  ConvertElements(inputs[0], outputs[0]);
}

}  // namespace

BW_ENTRY(OpDef, cast_like) = {
    .name = "CastLike", .infer = Infer, .attributes = kAttributes, .reference = Reference};

}  // namespace bw::ops
