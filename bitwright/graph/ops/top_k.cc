// The K (input 1) greatest or least elements along an axis, and their indices; of equal ones the
// first come first.

#include <numeric>

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 2}));
  BW_TRY(CheckDType(in, 0, kNumeric));
  Shape shape = in.types[0].shape;
  BW_ASSIGN(const std::size_t axis, NormalAxis(in.node.attributes.Int("axis", -1), shape.size()));
  BW_ASSIGN(const auto k, KnownInts(in, 1, "K"));
  if (k.size() != 1 || k[0] < 0 || k[0] > shape[axis]) {
    return Fail("K is [{}], one number from 0 to {} is needed", fmt::join(k, ","), shape[axis]);
  }
  shape[axis] = k[0];
  Types types = {{in.types[0].dtype, shape}, {DType::kInt64, shape}};
  types.resize(in.node.outputs.size());
  return types;
}

template <typename T>
void Select(const Node& node, const ConstTensorRef& input, std::span<const TensorRef> outputs) {
  const Shape& shape = input.shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", -1), shape.size()).value();
  const bool largest = node.attributes.Int("largest", 1) != 0;
  const std::int64_t inner = Product(shape, axis + 1, shape.size()), extent = shape[axis];
  const std::int64_t k = outputs[0].shape[axis];
  const auto x = input.span<T>();
  std::vector<std::int64_t> order(static_cast<std::size_t>(extent));
  for (std::int64_t row = 0; row < Product(shape, 0, axis) * inner; ++row) {
    const auto at = [&](std::int64_t i) {
      return x[static_cast<std::size_t>((row / inner * extent + i) * inner + row % inner)];
    };
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::partial_sort(order.begin(), order.begin() + k, order.end(),
                      [&](std::int64_t a, std::int64_t b) {
                        if (InOrder(at(a), at(b))) return !largest;
                        if (InOrder(at(b), at(a))) return largest;
                        return a < b;
                      });
    for (std::int64_t i = 0; i < k; ++i) {
      const auto to = static_cast<std::size_t>((row / inner * k + i) * inner + row % inner);
      const std::int64_t from = order[static_cast<std::size_t>(i)];
      if (outputs[0].data != nullptr) outputs[0].span<T>()[to] = at(from);
      if (outputs.size() > 1 && outputs[1].data != nullptr) {
        outputs[1].span<std::int64_t>()[to] = from;
      }
    }
  }
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchNumeric(inputs[0].dtype, [&]<typename T>() { Select<T>(node, inputs[0], outputs); });
}

}  // namespace

BW_ENTRY(OpDef, top_k) = {.name = "TopK", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
