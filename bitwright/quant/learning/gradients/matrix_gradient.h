#pragma once
// Gradients of y = alpha * A * B' + beta * C on matrices, by oneDNN's matmul.

#include <optional>

#include "bitwright/quant/learning/gradients/reordered.h"
#include "bitwright/runtime/onednn/matrix_product.h"

namespace bw::gradients {

struct MatrixExtents {
  std::int64_t rows = 0, inner = 0, columns = 0;
  bool right_transposed = false;
  float alpha = 1, beta = 1;
};

class MatrixGradient final : public Gradient {
 public:
  MatrixGradient(const MatrixExtents& e, std::span<const char> wanted) : extents_(e) {
    using kernels::Matrix;
    const dnnl::memory::desc result = Matrix(e.rows, e.columns, false);
    if (wanted[0] != 0) {
      left_.emplace(kernels::MatrixProduct{.left = result,
                                           .right = Matrix(e.columns, e.inner, !e.right_transposed),
                                           .result = Matrix(e.rows, e.inner, false),
                                           .scale = e.alpha},
                    false);
    }
    if (wanted[1] == 0) return;
    const dnnl::memory::desc left = Matrix(e.inner, e.rows, true);
    const dnnl::memory::desc turned = Matrix(e.columns, e.rows, true);
    right_.emplace(e.right_transposed
                       ? kernels::MatrixProduct{.left = turned,
                                                .right = Matrix(e.rows, e.inner, false),
                                                .result = Matrix(e.columns, e.inner, false),
                                                .scale = e.alpha}
                       : kernels::MatrixProduct{.left = left,
                                                .right = result,
                                                .result = Matrix(e.inner, e.columns, false),
                                                .scale = e.alpha},
                   false);
  }

  void Run(std::span<const ConstTensorRef> inputs, ConstTensorRef, ConstTensorRef output_gradient,
           std::span<const TensorRef> gradients) override {
    if (gradients[0].data != nullptr)
      left_->Run(std::array{output_gradient, inputs[1], ConstTensorRef()}, {&gradients[0], 1});
    if (gradients[1].data != nullptr) {
      extents_.right_transposed
          ? right_->Run(std::array{output_gradient, inputs[0], ConstTensorRef()},
                        {&gradients[1], 1})
          : right_->Run(std::array{inputs[0], output_gradient, ConstTensorRef()},
                        {&gradients[1], 1});
    }
    if (gradients.size() > 2 && gradients[2].data != nullptr)
      SumRows(output_gradient, gradients[2]);
  }

 private:
  void SumRows(const ConstTensorRef& from, const TensorRef& to) {
    const auto columns = static_cast<std::size_t>(extents_.columns);
    sums_.assign(columns, 0.0);
    const auto values = from.span<float>();
    for (std::size_t i = 0; i < values.size(); ++i)
      sums_[i % columns] += static_cast<double>(values[i]);
    for (std::size_t c = 0; c < columns; ++c)
      to.span<float>()[c] = static_cast<float>(sums_[c]) * extents_.beta;
  }

  MatrixExtents extents_;
  std::optional<kernels::MatrixProductKernel> left_, right_;
  std::vector<double> sums_;
};

}  // namespace bw::gradients
