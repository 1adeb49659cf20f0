#pragma once
// Reverse-mode gradients of operators: one file in quant/learning/gradients/ for each.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "bitwright/base/registry.h"
#include "bitwright/graph/op.h"

namespace bw {

// A node whose gradient is asked for. types[i], constants[i] and wanted[i] belong to input i;
// constants[i] is null where input i is computed at run time or learned.
struct GradientCase {
  const Node& node;
  std::span<const TensorType> inputs, outputs;
  std::span<const Tensor* const> constants;
  std::span<const char> wanted;
};

// The vector-Jacobian product of one node for fixed shapes.
class Gradient {
 public:
  virtual ~Gradient() = default;

  // gradients[i] = sum over output elements of output_gradient * d output / d input i, overwritten;
  // null data where it is not wanted. `inputs` and `output` are those of the forward run. One
  // thread at a time for one object; runs on the calling thread alone.
  virtual void Run(std::span<const ConstTensorRef> inputs, ConstTensorRef output,
                   ConstTensorRef output_gradient, std::span<const TensorRef> gradients) = 0;
};

struct GradientDef {
  std::string_view op;  // ONNX name
  // Fails with what is not covered: an attribute, a type, a wanted input.
  Expected<std::unique_ptr<Gradient>> (*make)(const GradientCase& of) = nullptr;
};

namespace gradients {
std::span<const GradientDef* const> All();
}

// The gradient of a node; the error names the node.
Expected<std::unique_ptr<Gradient>> MakeGradient(const GradientCase& of);

}  // namespace bw
