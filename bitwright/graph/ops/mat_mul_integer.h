#pragma once
// Products of matrices of codes, leading axes broadcast.

#include "bitwright/graph/ops/linear_code.h"

namespace bw::ops {

// numpy's rules for two operands of at least two axes.
struct CodeProduct {
  Shape stack, out;
  std::int64_t m = 0, k = 0, n = 0;
};

inline Expected<CodeProduct> MakeCodeProduct(const Shape& a, const Shape& b) {
  if (a.size() < 2 || b.size() < 2 || a.back() != b[b.size() - 2]) {
    return Fail("inputs {} and {} do not multiply, [..., m, k] and [..., k, n] are needed",
                ShapeText(a), ShapeText(b));
  }
  CodeProduct product{{}, {}, a[a.size() - 2], a.back(), b.back()};
  BW_ASSIGN(product.stack, Broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2)));
  product.out = product.stack;
  product.out.push_back(product.m);
  product.out.push_back(product.n);
  return product;
}

// Codes as int64 less their zero points: one for all, one for each row (a) or each column (b).
inline std::vector<std::int64_t> CentredMatrix(const ConstTensorRef& codes,
                                               const std::vector<double>& zeros, bool by_row) {
  std::vector<std::int64_t> centred(static_cast<std::size_t>(codes.size()));
  const auto columns = static_cast<std::size_t>(codes.shape.back());
  const auto rows = static_cast<std::size_t>(codes.shape[codes.shape.size() - 2]);
  DispatchNumeric(codes.dtype, [&]<typename T>() {
    const auto from = codes.span<T>();
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::size_t z = zeros.size() == 1 ? 0 : by_row ? i / columns % rows : i % columns;
      centred[i] = static_cast<std::int64_t>(from[i]) - static_cast<std::int64_t>(zeros[z]);
    }
  });
  return centred;
}

// The number of zero points or scales of input i: 1, the rows (of a) or the columns (of b).
inline Expected<void> CheckParameter(const InferInput& in, std::size_t i, std::int64_t many) {
  if (!in.has(i)) return {};
  const std::int64_t count = ElementCount(in.types[i].shape);
  if (count == 1 || count == many) return {};
  return Fail("input {} is {}, 1 or {} elements are needed", i, ShapeText(in.types[i].shape), many);
}

inline std::vector<std::int64_t> MultiplyCodes(const CodeProduct& p, const Shape& a, const Shape& b,
                                               std::span<const std::int64_t> left,
                                               std::span<const std::int64_t> right) {
  std::vector<std::int64_t> y(static_cast<std::size_t>(ElementCount(p.out)), 0);
  const std::array strides = {BroadcastStrides(Shape(a.begin(), a.end() - 2), p.stack),
                              BroadcastStrides(Shape(b.begin(), b.end() - 2), p.stack)};
  ForEach(p.stack, strides, [&](std::size_t s, const std::array<std::int64_t, 2>& at) {
    for (std::int64_t i = 0; i < p.m * p.n; ++i) {
      std::int64_t sum = 0;
      for (std::int64_t k = 0; k < p.k; ++k) {
        sum += left[static_cast<std::size_t>((at[0] * p.m + i / p.n) * p.k + k)] *
               right[static_cast<std::size_t>((at[1] * p.k + k) * p.n + i % p.n)];
      }
      y[s * static_cast<std::size_t>(p.m * p.n) + static_cast<std::size_t>(i)] = sum;
    }
  });
  return y;
}

}  // namespace bw::ops
