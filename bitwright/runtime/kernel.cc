#include "bitwright/runtime/kernel.h"

#include <algorithm>

namespace bw {
namespace {

// The op's own reference.
class ReferenceKernel final : public Kernel {
 public:
  explicit ReferenceKernel(const Node& node) : node_(node) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    node_.op->reference(node_, inputs, outputs);
  }

 private:
  Node node_;
};

bool Empty(const TensorType& type) {
  return std::any_of(type.shape.begin(), type.shape.end(),
                     [](std::int64_t extent) { return extent == 0; });
}

// Fast kernels need not think about tensors without elements.
std::unique_ptr<Kernel> MakeFast(const Node& node, std::span<const TensorType> inputs,
                                 std::span<const TensorType> outputs,
                                 std::span<const Tensor* const> constants) {
  if (std::any_of(inputs.begin(), inputs.end(), Empty)) return nullptr;
  if (std::any_of(outputs.begin(), outputs.end(), Empty)) return nullptr;
  for (const KernelBinding* binding : kernels::All()) {
    if (binding->op == node.op->name) return binding->make(node, inputs, outputs, constants);
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<Kernel> MakeKernel(Backend backend, const Node& node,
                                   std::span<const TensorType> inputs,
                                   std::span<const TensorType> outputs,
                                   std::span<const Tensor* const> constants) {
  BW_CHECK(node.op != nullptr);
  BW_CHECK(inputs.size() == node.inputs.size() && outputs.size() == node.outputs.size());
  BW_CHECK(constants.size() == inputs.size());
  if (backend == Backend::kFast) {
    if (auto kernel = MakeFast(node, inputs, outputs, constants)) return kernel;
  }
  return std::make_unique<ReferenceKernel>(node);
}

}  // namespace bw
