// start, start + delta, ... before limit.

#include <cmath>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

template <typename T>
double Count(const std::array<const Tensor*, 3>& in) {
  const auto at = [&](std::size_t i) { return in[i]->span<T>()[0]; };
  if (at(2) == T{0}) return -1;
  if constexpr (std::is_integral_v<T>) {
    // Exact for 64-bit integers where a double is not.
    const __int128 span = static_cast<__int128>(at(1)) - static_cast<__int128>(at(0));
    const __int128 delta = at(2);
    if ((span > 0) != (delta > 0)) return 0;
    return static_cast<double>((span + delta + (delta > 0 ? -1 : 1)) / delta);
  } else {
    const double span = static_cast<double>(at(1)) - static_cast<double>(at(0));
    return std::max(0.0, std::ceil(span / static_cast<double>(at(2))));
  }
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {3, 3, 1}));
  BW_TRY(CheckDType(in, 0, kSums));
  constexpr std::string_view kNames[] = {"start", "limit", "delta"};
  for (std::size_t i = 0; i < 3; ++i) {
    BW_TRY(CheckSameDType(in, i, 0));
    if (ElementCount(in.types[i].shape) != 1) {
      return Fail("input {} ({}) is {}, a scalar is needed", i, kNames[i],
                  ShapeText(in.types[i].shape));
    }
    if (in.constants[i] == nullptr) return NotKnown(in, i, kNames[i]);
  }
  double count = 0;
  DispatchNumeric(in.types[0].dtype, [&]<typename T>() {
    count = Count<T>({in.constants[0], in.constants[1], in.constants[2]});
  });
  if (!(count >= 0 && count <= static_cast<double>(kMaxElements))) {
    return Fail("there would be {} elements, 0 to 2^34 are allowed and delta must not be 0", count);
  }
  return Types{{in.types[0].dtype, {static_cast<std::int64_t>(count)}}};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() {
    const T start = inputs[0].span<T>()[0], delta = inputs[2].span<T>()[0];
    const auto y = outputs[0].span<T>();
    for (std::size_t i = 0; i < y.size(); ++i) {
      if constexpr (std::is_same_v<T, float>) {
        y[i] = static_cast<T>(static_cast<double>(start) +
                              static_cast<double>(i) * static_cast<double>(delta));
      } else {
        y[i] = Wrapping<T>(start, static_cast<T>(i * static_cast<std::uint64_t>(delta)),
                           [](auto a, auto b) { return a + b; });
      }
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, range) = {.name = "Range", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
