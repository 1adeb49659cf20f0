#pragma once
// Element type conversion: to integers towards zero and saturating (NaN is 0), to bool by != 0.
// Integers wrap among themselves.

#include <cmath>
#include <limits>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {

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

inline void ConvertElements(const ConstTensorRef& input, const TensorRef& output) {
  DispatchAny(input.dtype, [&]<typename From>() {
    DispatchAny(output.dtype, [&]<typename To>() {
      const auto x = input.span<From>();
      const auto y = output.span<To>();
      for (std::size_t i = 0; i < y.size(); ++i) y[i] = Convert<To>(x[i]);
    });
  });
}

}  // namespace bw::ops
