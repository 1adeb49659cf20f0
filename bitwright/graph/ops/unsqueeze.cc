#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

// Adds axes of extent 1; the axes of input 1 are those of the output.
Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_ASSIGN(const auto given, KnownInts(in, 1, "axes"));
  TensorType out = in.types[0];
  BW_ASSIGN(const auto axes, NormalAxes(given, out.shape.size() + given.size()));
  for (const std::size_t axis : axes) {
    out.shape.insert(out.shape.begin() + static_cast<std::ptrdiff_t>(axis), 1);
  }
  return Types{std::move(out)};
}

}  // namespace

BW_ENTRY(OpDef, unsqueeze) = {
    .name = "Unsqueeze", .role = OpRole::kMovement, .infer = Infer, .reference = CopyElements};

}  // namespace bw::ops
