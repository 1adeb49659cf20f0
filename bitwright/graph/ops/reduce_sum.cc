// Sums over the axes of input 1; without axes over all, or none with noop_with_empty_axes.

#include "bitwright/graph/ops/reduce.h"

namespace bw::ops {
namespace {

bool CopiesInput(const Node& node, std::span<const std::int64_t> axes) {
  return axes.empty() && node.attributes.Int("noop_with_empty_axes", 0) != 0;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 2, 1}));
  BW_TRY(CheckDType(in, 0, kSums));
  std::vector<std::int64_t> axes;
  if (in.has(1)) {
    BW_ASSIGN(axes, KnownInts(in, 1, "axes"));
  }
  if (CopiesInput(in.node, axes)) return Types{in.types[0]};
  return ReducedType(in, axes);
}

// Floats are added in double and rounded once, integers wrap.
template <typename T>
void Sum(const ConstTensorRef& input, const TensorRef& output, const Shape& reduced) {
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, std::uint64_t>;
  const auto y = output.span<T>();
  std::vector<Wide> sums(y.size(), 0);
  ForEachReduced<T>(input, reduced, [&](std::size_t i, T x) { sums[i] += static_cast<Wide>(x); });
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(sums[i]);
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  std::vector<std::int64_t> axes;
  if (inputs.size() > 1 && inputs[1].data != nullptr) axes = ReadInts(inputs[1]);
  const Shape reduced =
      CopiesInput(node, axes) ? inputs[0].shape : ReducedShape(inputs[0].shape, axes).value();
  DispatchNumeric(inputs[0].dtype, [&]<typename T>() { Sum<T>(inputs[0], outputs[0], reduced); });
}

}  // namespace

BW_ENTRY(OpDef, reduce_sum) = {.name = "ReduceSum", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
