// The input, repeated along each axis.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_ASSIGN(const auto repeats, KnownInts(in, 1, "repeats"));
  TensorType out = in.types[0];
  if (repeats.size() != out.shape.size()) {
    return Fail("repeats has {} entries, an input of rank {} needs {}", repeats.size(),
                out.shape.size(), out.shape.size());
  }
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    if (repeats[i] < 0 || repeats[i] > kMaxElements ||
        __builtin_mul_overflow(out.shape[i], repeats[i], &out.shape[i])) {
      return Fail("repeats are [{}], entries must be 0 to 2^34", fmt::join(repeats, ","));
    }
  }
  return Types{std::move(out)};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& x = inputs[0].shape;
  std::vector<std::vector<std::int64_t>> maps(x.size());
  for (std::size_t axis = 0; axis < x.size(); ++axis) {
    for (std::int64_t i = 0; i < outputs[0].shape[axis]; ++i) maps[axis].push_back(i % x[axis]);
  }
  DispatchAny(outputs[0].dtype,
              [&]<typename T>() { GatherByMaps<T>(inputs[0], outputs[0], maps, T{}); });
}

}  // namespace

BW_ENTRY(OpDef, tile) = {
    .name = "Tile", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
