#pragma once
// Gemm and MatMul by oneDNN's matmul.

#include <optional>

#include "bitwright/runtime/onednn/primitive.h"

namespace bw::kernels {

// What is multiplied, in oneDNN's terms: [batch..., rows, inner] x [batch..., inner, columns];
// batch extents of 1 broadcast. Transposition is a matter of strides.
struct MatrixProduct {
  dnnl::memory::desc left, right, result;
  // Of the product.
  float scale = 1;
  // Input 2, added to the unscaled product; empty: none.
  dnnl::memory::desc bias{};
  // The product is added to this multiple of what stands in the result.
  std::optional<float> addend{};
};

class MatrixProductKernel : public Kernel {
 public:
  MatrixProductKernel(const MatrixProduct& product, bool constant_right)
      : stream_(CpuEngine()),
        constant_right_(constant_right),
        left_(Unset(product.left)),
        right_(Unset(product.right)),
        result_(Unset(product.result)) {
    const dnnl::matmul::primitive_desc description = Describe(product);
    has_bias_ = product.bias.get_size() > 0;
    const bool same = description.weights_desc() == product.right;
    const dnnl::memory right =
        same ? right_ : dnnl::memory(description.weights_desc(), CpuEngine());
    if (!same) bind_ = Step::Reorder(right_, right);
    std::vector<std::pair<int, dnnl::memory>> arguments = {
        {DNNL_ARG_SRC, left_}, {DNNL_ARG_WEIGHTS, right}, {DNNL_ARG_DST, result_}};
    if (has_bias_) {
      bias_ = Unset(product.bias);
      arguments.emplace_back(DNNL_ARG_BIAS, bias_);
    }
    step_ = Step(description, dnnl::matmul(description), std::move(arguments));
  }

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input != 1 || !bind_) return;
    const OneThread guard;
    Point(right_, constant.data);
    bind_->Run(stream_);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const OneThread guard;
    Point(left_, inputs[0].data);
    if (!bind_) Point(right_, inputs[1].data);
    if (has_bias_) Point(bias_, inputs[2].data);
    Point(result_, outputs[0].data);
    step_.Run(stream_);
  }

 private:
  // A constant matrix may be kept in the layout that oneDNN likes.
  dnnl::matmul::primitive_desc Describe(const MatrixProduct& product) const {
    dnnl::primitive_attr attributes = KernelAttributes();
    if (product.scale != 1) attributes.set_output_scales(0, {product.scale});
    if (product.addend) {
      dnnl::post_ops after;
      after.append_sum(*product.addend);
      attributes.set_post_ops(after);
    }
    const dnnl::memory::desc right = constant_right_ ? Any(product.right.dims()) : product.right;
    return {{product.left, right, product.bias, product.result}, attributes, CpuEngine()};
  }

  dnnl::stream stream_;
  bool constant_right_;
  bool has_bias_ = false;
  dnnl::memory left_, right_, result_, bias_;
  std::optional<Step> bind_;
  Step step_;
};

// A matrix of the given extents, stored as its transpose or not.
inline dnnl::memory::desc Matrix(std::int64_t rows, std::int64_t columns, bool transposed) {
  const dnnl::memory::dims steps =
      transposed ? dnnl::memory::dims{1, rows} : dnnl::memory::dims{columns, 1};
  return {{rows, columns}, dnnl::memory::data_type::f32, steps};
}

}  // namespace bw::kernels
