// Determinants of square matrices, by elimination in double with row pivots.

#include <cmath>

#include "bitwright/graph/checks.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  const Shape& x = in.types[0].shape;
  if (x.size() < 2 || x.back() != x[x.size() - 2]) {
    return Fail("input is {}, square matrices are needed", ShapeText(x));
  }
  return Types{{DType::kFloat32, Shape(x.begin(), x.end() - 2)}};
}

double Determinant(std::vector<double> a, std::size_t n) {
  double product = 1;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i) {
      if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
    }
    if (a[pivot * n + k] == 0) return 0;
    if (pivot != k) {
      std::swap_ranges(a.begin() + static_cast<std::ptrdiff_t>(k * n),
                       a.begin() + static_cast<std::ptrdiff_t>((k + 1) * n),
                       a.begin() + static_cast<std::ptrdiff_t>(pivot * n));
      product = -product;
    }
    product *= a[k * n + k];
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      for (std::size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return product;
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto n = static_cast<std::size_t>(inputs[0].shape.back());
  const auto x = inputs[0].span<float>();
  const auto y = outputs[0].span<float>();
  for (std::size_t i = 0; i < y.size(); ++i) {
    const auto matrix = x.subspan(i * n * n, n * n);
    y[i] = static_cast<float>(Determinant({matrix.begin(), matrix.end()}, n));
  }
}

}  // namespace

BW_ENTRY(OpDef, det) = {.name = "Det", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
