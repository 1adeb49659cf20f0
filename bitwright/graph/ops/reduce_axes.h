#pragma once
// Reductions over axes that are an attribute (to opset 17) or input 1 (from 18, ReduceSum from 13);
// none given means all, or nothing with noop_with_empty_axes.

#include <cmath>
#include <cstdint>

#include "bitwright/graph/ops/reduce.h"

namespace bw::ops {

inline constexpr AttributeRule kReduceAttributes[] = {
    {"noop_with_empty_axes", AttributeRule::Kind::kInt}};

inline bool ReducesNothing(const Node& node, std::span<const std::int64_t> axes) {
  return axes.empty() && node.attributes.Int("noop_with_empty_axes", 0) != 0;
}

inline Expected<Types> ReduceOver(const InferInput& in, std::span<const DType> allowed) {
  BW_TRY(CheckCounts(in, {1, 2, 1}));
  BW_TRY(CheckDType(in, 0, allowed));
  std::vector<std::int64_t> axes = in.node.attributes.Ints("axes", {});
  if (in.has(1)) {
    BW_ASSIGN(axes, KnownInts(in, 1, "axes"));
  }
  if (ReducesNothing(in.node, axes)) return Types{in.types[0]};
  return ReducedType(in, axes);
}

inline Expected<Types> ReduceSums(const InferInput& in) { return ReduceOver(in, kSums); }

// The input's shape with reduced extents of 1.
inline Shape ReducedBy(const Node& node, std::span<const ConstTensorRef> inputs) {
  std::vector<std::int64_t> axes = node.attributes.Ints("axes", {});
  if (inputs.size() > 1 && inputs[1].data != nullptr) axes = ReadInts(inputs[1]);
  if (ReducesNothing(node, axes)) return inputs[0].shape;
  return ReducedShape(inputs[0].shape, axes).value();
}

// Fold has Start(), Step(sum, x) and Finish(sum, count), in double.
template <typename Fold>
void ReduceDoubles(const Node& node, std::span<const ConstTensorRef> inputs,
                   std::span<const TensorRef> outputs) {
  const Shape reduced = ReducedBy(node, inputs);
  DispatchNumeric(inputs[0].dtype, [&]<typename T>() {
    const auto y = outputs[0].span<T>();
    std::vector<double> sums(y.size(), Fold::Start());
    ForEachReduced<T>(inputs[0], reduced, [&](std::size_t i, T x) {
      sums[i] = Fold::Step(sums[i], static_cast<double>(x));
    });
    const double count =
        y.empty() ? 1 : static_cast<double>(inputs[0].size()) / static_cast<double>(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(Fold::Finish(sums[i], count));
  });
}

// Floats in double, rounded once; integers wrap. Fold has kStart and Step(sum, x).
template <typename Fold>
void ReduceExactly(const Node& node, std::span<const ConstTensorRef> inputs,
                   std::span<const TensorRef> outputs) {
  const Shape reduced = ReducedBy(node, inputs);
  DispatchNumeric(inputs[0].dtype, [&]<typename T>() {
    using Wide = std::conditional_t<std::is_same_v<T, float>, double, std::uint64_t>;
    const auto y = outputs[0].span<T>();
    std::vector<Wide> sums(y.size(), static_cast<Wide>(Fold::kStart));
    ForEachReduced<T>(inputs[0], reduced, [&](std::size_t i, T x) {
      sums[i] = Fold::Step(sums[i], static_cast<Wide>(x));
    });
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(sums[i]);
  });
}

inline constexpr DType kComparable[] = {DType::kFloat32, DType::kInt32, DType::kInt64,
                                        DType::kUint8,   DType::kInt8,  DType::kBool};

inline Expected<Types> ReduceComparable(const InferInput& in) {
  return ReduceOver(in, kComparable);
}

// The element before which no other comes; of no elements `start<T>`. NaN wins.
template <typename Before>
void ReduceToFirst(const Node& node, std::span<const ConstTensorRef> inputs,
                   std::span<const TensorRef> outputs) {
  const Shape reduced = ReducedBy(node, inputs);
  DispatchAny(inputs[0].dtype, [&]<typename T>() {
    const auto y = outputs[0].span<T>();
    std::fill(y.begin(), y.end(), Before::template Last<T>());
    ForEachReduced<T>(inputs[0], reduced, [&](std::size_t i, T x) {
      if (Before::Holds(x, y[i]) || x != x) y[i] = x;
    });
  });
}

}  // namespace bw::ops
