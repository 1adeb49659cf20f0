#pragma once
// Families of element-by-element operators.

#include <array>

#include "bitwright/graph/checks.h"
#include "bitwright/graph/iterate.h"

namespace bw::ops {

// One output of the first input's type; every output of the node but the first is refused.
inline Expected<Types> SameAsInput(const InferInput& in, std::span<const DType> allowed) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckDType(in, 0, allowed));
  return Types{in.types[0]};
}

inline Expected<Types> SameFloat(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  return Types{in.types[0]};
}

inline Expected<Types> SameNumeric(const InferInput& in) { return SameAsInput(in, kNumeric); }

// y = f(x) for each element.
template <typename T, typename F>
void MapElements(const ConstTensorRef& input, const TensorRef& output, F f) {
  const auto x = input.span<T>();
  const auto y = output.span<T>();
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(f(x[i]));
}

// A float operator without attributes, computed in double and rounded once.
template <double (*F)(double)>
void MapFloats(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  MapElements<float>(inputs[0], outputs[0], [](float x) { return F(static_cast<double>(x)); });
}

// Two inputs of one numeric type, broadcast.
inline Expected<Types> BroadcastTwo(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckDType(in, 0, kNumeric));
  BW_TRY(CheckSameDType(in, 1, 0));
  BW_ASSIGN(Shape shape, Broadcast(in.types[0].shape, in.types[1].shape));
  return Types{{in.types[0].dtype, std::move(shape)}};
}

// y = f(a, b) with broadcasting; f is called with two T.
template <typename A, typename B, typename Out, typename F>
void MapPairs(std::span<const ConstTensorRef> inputs, const TensorRef& output, F f) {
  const auto a = inputs[0].span<A>();
  const auto b = inputs[1].span<B>();
  const auto y = output.span<Out>();
  const std::array strides = {BroadcastStrides(inputs[0].shape, output.shape),
                              BroadcastStrides(inputs[1].shape, output.shape)};
  ForEach(output.shape, strides, [&](std::size_t i, const std::array<std::int64_t, 2>& at) {
    y[i] = f(a[static_cast<std::size_t>(at[0])], b[static_cast<std::size_t>(at[1])]);
  });
}

// F::Apply(a, b) for every numeric type.
template <typename F>
void MapBinary(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    MapPairs<T, T, T>(inputs, outputs[0], [](T a, T b) { return F::Apply(a, b); });
  });
}

// Integer arithmetic that wraps instead of overflowing; floats as they are.
template <typename T, typename F>
T Wrapping(T a, T b, F f) {
  if constexpr (std::is_same_v<T, float>) {
    return f(a, b);
  } else {
    return static_cast<T>(f(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
  }
}

// Two inputs of one type to bool.
inline Expected<Types> CompareTwo(const InferInput& in) {
  BW_ASSIGN(Types types, BroadcastTwo(in));
  types[0].dtype = DType::kBool;
  return types;
}

template <typename F>
void ComparePairs(const Node&, std::span<const ConstTensorRef> inputs,
                  std::span<const TensorRef> outputs) {
  DispatchNumeric(inputs[0].dtype, [&]<typename T>() {
    MapPairs<T, T, bool>(inputs, outputs[0], [](T a, T b) { return F::Apply(a, b); });
  });
}

// Two inputs of one of the types, broadcast.
inline Expected<Types> BroadcastSame(const InferInput& in, std::span<const DType> allowed) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckDType(in, 0, allowed));
  BW_TRY(CheckSameDType(in, 1, 0));
  BW_ASSIGN(Shape shape, Broadcast(in.types[0].shape, in.types[1].shape));
  return Types{{in.types[0].dtype, std::move(shape)}};
}

inline constexpr DType kBoolOnly[] = {DType::kBool};

inline Expected<Types> BroadcastBools(const InferInput& in) { return BroadcastSame(in, kBoolOnly); }
inline Expected<Types> BroadcastIntegers(const InferInput& in) {
  return BroadcastSame(in, kIntegers);
}

// Calls f.template operator()<T>() for the integer types.
template <typename F>
void DispatchInteger(DType dtype, F&& f) {
  DispatchNumeric(dtype, [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) f.template operator()<T>();
  });
}

// F::Apply(a, b) for every integer type.
template <typename F>
void MapIntegers(const Node&, std::span<const ConstTensorRef> inputs,
                 std::span<const TensorRef> outputs) {
  DispatchInteger(outputs[0].dtype, [&]<typename T>() {
    MapPairs<T, T, T>(inputs, outputs[0], [](T a, T b) { return F::Apply(a, b); });
  });
}

}  // namespace bw::ops
