#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  return Types{in.types[0]};
}

}  // namespace

BW_ENTRY(OpDef, identity) = {
    .name = "Identity", .role = OpRole::kMovement, .infer = Infer, .reference = CopyElements};

}  // namespace bw::ops
