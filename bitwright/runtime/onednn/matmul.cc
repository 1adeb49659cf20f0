#include "bitwright/runtime/onednn/matrix_product.h"

namespace bw::kernels {
namespace {

// Of `rank` axes: ones in front are added.
Shape Widen(Shape shape, std::size_t rank) {
  shape.insert(shape.begin(), rank - shape.size(), 1);
  return shape;
}

// A stack of matrices times one matrix is one tall matrix times it.
MatrixProduct Flat(const Shape& left, const Shape& right) {
  const std::int64_t inner = left.back();
  const std::int64_t rows = ElementCount(left) / inner;
  return {.left = Plain({rows, inner}), .right = Plain(right), .result = Plain({rows, right[1]})};
}

MatrixProduct Stacked(const Shape& left, const Shape& right) {
  const std::size_t rank = std::max(left.size(), right.size());
  const Shape a = Widen(left, rank);
  const Shape b = Widen(right, rank);
  Shape result = a;
  for (std::size_t i = 0; i + 2 < rank; ++i) result[i] = std::max(a[i], b[i]);
  result.back() = b.back();
  return {.left = Plain(a), .right = Plain(b), .result = Plain(result)};
}

std::unique_ptr<Kernel> Make(const Node&, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (!AllFloat(inputs) || !AllFloat(outputs)) return nullptr;
  Shape left = inputs[0].shape;
  Shape right = inputs[1].shape;
  if (left.size() == 1) left.insert(left.begin(), 1);
  if (right.size() == 1) right.push_back(1);
  return TryMake([&]() -> std::unique_ptr<Kernel> {
    const MatrixProduct product = right.size() == 2 ? Flat(left, right) : Stacked(left, right);
    return std::make_unique<MatrixProductKernel>(product, constants[1] != nullptr);
  });
}

}  // namespace

BW_ENTRY(KernelBinding, matmul) = {"MatMul", Make};

}  // namespace bw::kernels
