// y = alpha * A * B + beta * C. A row C with alpha = beta = 1 is the bias of the product.

#include <array>

#include "bitwright/runtime/onednn/broadcast.h"
#include "bitwright/runtime/onednn/matrix_product.h"

namespace bw::kernels {
namespace {

struct First {
  float operator()(float a, float) const { return a; }
};

// C is spread over the result, then the product is added to beta times that.
class GemmKernel final : public MatrixProductKernel {
 public:
  GemmKernel(const MatrixProduct& product, bool constant_right, const Shape& c, const Shape& result)
      : MatrixProductKernel(product, constant_right),
        spread_(MakeBroadcastAxes(c, result, result)) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const ConstTensorRef same = {outputs[0].dtype, outputs[0].shape, outputs[0].data};
    spread_.Run(std::array{inputs[2], same}, outputs);
    MatrixProductKernel::Run(inputs, outputs);
  }

 private:
  BroadcastKernel<First> spread_;
};

// One value for each column.
bool IsRow(const Shape& c, std::int64_t columns) {
  return c == Shape{columns} || c == Shape{1, columns};
}

std::unique_ptr<Kernel> MakeGemm(const Node& node, std::span<const TensorType> inputs,
                                 const Shape& result, bool constant_right) {
  const Attributes& attributes = node.attributes;
  const bool left_transposed = attributes.Int("transA", 0) != 0;
  const std::int64_t inner = inputs[0].shape[left_transposed ? 0 : 1];
  MatrixProduct product = {.left = Matrix(result[0], inner, left_transposed),
                           .right = Matrix(inner, result[1], attributes.Int("transB", 0) != 0),
                           .result = Matrix(result[0], result[1], false),
                           .scale = attributes.Float("alpha", 1)};
  const float beta = attributes.Float("beta", 1);
  if (!HasInput(node, 2) || beta == 0) {
    return std::make_unique<MatrixProductKernel>(product, constant_right);
  }
  if (IsRow(inputs[2].shape, result[1]) && product.scale == 1 && beta == 1) {
    product.bias = Plain({1, result[1]});
    return std::make_unique<MatrixProductKernel>(product, constant_right);
  }
  product.addend = beta;
  return std::make_unique<GemmKernel>(product, constant_right, inputs[2].shape, result);
}

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (!AllFloat(inputs) || !AllFloat(outputs)) return nullptr;
  return TryMake([&] { return MakeGemm(node, inputs, outputs[0].shape, constants[1] != nullptr); });
}

}  // namespace

BW_ENTRY(KernelBinding, gemm) = {"Gemm", Make};

}  // namespace bw::kernels
