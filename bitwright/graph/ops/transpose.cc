#include <numeric>

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

// Output axis i is input axis perm[i]; the default reverses.
Expected<std::vector<std::int64_t>> Permutation(const Node& node, std::size_t rank) {
  std::vector<std::int64_t> reversed(rank);
  std::iota(reversed.rbegin(), reversed.rend(), std::int64_t{0});
  auto perm = node.attributes.Ints("perm", std::move(reversed));
  auto sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  bool valid = sorted.size() == rank;
  for (std::size_t i = 0; i < rank && valid; ++i) valid = sorted[i] == static_cast<std::int64_t>(i);
  if (valid) return perm;
  return Fail("perm is [{}], an input of rank {} needs each axis from 0 once", fmt::join(perm, ","),
              rank);
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  const Shape& x = in.types[0].shape;
  BW_ASSIGN(const auto perm, Permutation(in.node, x.size()));
  TensorType out{in.types[0].dtype, {}};
  for (const std::int64_t axis : perm) out.shape.push_back(x[static_cast<std::size_t>(axis)]);
  return Types{std::move(out)};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto perm = Permutation(node, inputs[0].shape.size()).value();
  const auto own = Strides(inputs[0].shape);
  std::array<std::vector<std::int64_t>, 1> strides;
  for (const std::int64_t axis : perm) strides[0].push_back(own[static_cast<std::size_t>(axis)]);
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const auto x = inputs[0].span<T>();
    const auto y = outputs[0].span<T>();
    ForEach(outputs[0].shape, strides, [&](std::size_t i, const std::array<std::int64_t, 1>& at) {
      y[i] = x[static_cast<std::size_t>(at[0])];
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, transpose) = {
    .name = "Transpose", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
