// a ^ b in double, rounded once; the exponent may be of another type than the base.

#include <cmath>
#include <limits>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckDType(in, 0, kSums));
  BW_TRY(CheckDType(in, 1, kSums));
  BW_ASSIGN(Shape shape, Broadcast(in.types[0].shape, in.types[1].shape));
  return Types{{in.types[0].dtype, std::move(shape)}};
}

// An integer result out of range saturates, NaN is 0.
template <typename T>
T Rounded(double x) {
  if constexpr (!std::is_same_v<T, float>) {
    if (std::isnan(x)) return 0;
    if (x >= static_cast<double>(std::numeric_limits<T>::max()))
      return std::numeric_limits<T>::max();
    if (x <= static_cast<double>(std::numeric_limits<T>::min()))
      return std::numeric_limits<T>::min();
  }
  return static_cast<T>(x);
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchNumeric(inputs[0].dtype, [&]<typename A>() {
    DispatchNumeric(inputs[1].dtype, [&]<typename B>() {
      MapPairs<A, B, A>(inputs, outputs[0], [](A a, B b) {
        return Rounded<A>(std::pow(static_cast<double>(a), static_cast<double>(b)));
      });
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, pow) = {
    .name = "Pow", .role = OpRole::kBinary, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
