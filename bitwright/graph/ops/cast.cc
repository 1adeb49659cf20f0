// Element type conversion: to integers towards zero and saturating (NaN is 0), to bool by != 0.
// Integers wrap among themselves.

#include <cmath>
#include <limits>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

// Attribute `to` is a TensorProto.DataType.
Expected<DType> Target(const Node& node) {
  switch (const std::int64_t to = node.attributes.Int("to", 0)) {
    case 1:
      return DType::kFloat32;
    case 2:
      return DType::kUint8;
    case 3:
      return DType::kInt8;
    case 6:
      return DType::kInt32;
    case 7:
      return DType::kInt64;
    case 9:
      return DType::kBool;
    default:
      return Fail(
          "to is data type {}, allowed: 1 (float), 2 (uint8), 3 (int8), 6 (int32), 7 (int64), "
          "9 (bool)",
          to);
  }
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_ASSIGN(const DType to, Target(in.node));
  return Types{{to, in.types[0].shape}};
}

template <typename To, typename From>
To Convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From{0};
  } else if constexpr (std::is_same_v<From, float> && !std::is_same_v<To, float>) {
    // 2^(digits) is the first float out of range; the lowest value is a power of two or 0.
    if (std::isnan(x)) return 0;
    if (x >= std::ldexp(1.0F, std::numeric_limits<To>::digits))
      return std::numeric_limits<To>::max();
    if (x <= static_cast<float>(std::numeric_limits<To>::min()))
      return std::numeric_limits<To>::min();
    return static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchAny(inputs[0].dtype, [&]<typename From>() {
    DispatchAny(outputs[0].dtype, [&]<typename To>() {
      const auto x = inputs[0].span<From>();
      const auto y = outputs[0].span<To>();
      for (std::size_t i = 0; i < y.size(); ++i) y[i] = Convert<To>(x[i]);
    });
  });
}

}  // namespace

BW_ENTRY(OpDef, cast) = {.name = "Cast", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
