#include "bitwright/runtime/interpreter.h"

#include <algorithm>

#include "bitwright/graph/checks.h"

namespace bw {
namespace {

template <typename Ref>
std::vector<TensorType> Types(std::span<const Ref> refs) {
  std::vector<TensorType> types;
  for (const Ref& ref : refs) types.push_back({ref.dtype, ref.shape});
  return types;
}

// What the graph declares of an input: element type, rank and the extents that it fixes.
Expected<void> CheckInput(const Value& declared, const Tensor& given) {
  const Shape& wanted = declared.type.shape;
  bool fits = wanted.size() == given.shape().size() && declared.type.dtype == given.dtype();
  for (std::size_t i = 0; fits && i < wanted.size(); ++i) {
    fits = wanted[i] < 0 || wanted[i] == given.shape()[i];
  }
  if (fits) return {};
  return Fail("input '{}': is {}{}, {}{} is needed", declared.name, DTypeName(given.dtype()),
              ShapeText(given.shape()), DTypeName(declared.type.dtype), ShapeText(wanted));
}

}  // namespace

Kernel& Interpreter::KernelFor(const Node& node, std::span<const Tensor* const> constants,
                               std::span<const ConstTensorRef> inputs,
                               std::span<const TensorRef> outputs) {
  Ready& ready = kernels_[&node];
  std::vector<TensorType> in = Types(inputs), out = Types(outputs);
  if (ready.kernel != nullptr && ready.inputs == in && ready.outputs == out) return *ready.kernel;
  ready = {std::move(in), std::move(out), nullptr};
  ready.kernel = MakeKernel(backend_, node, ready.inputs, ready.outputs, constants);
  for (std::size_t i = 0; i < constants.size(); ++i) {
    if (constants[i] != nullptr) ready.kernel->BindConstant(i, *constants[i]);
  }
  return *ready.kernel;
}

Expected<std::vector<TensorPtr>> Interpreter::Run(std::vector<TensorPtr> inputs) {
  if (inputs.size() != graph_->inputs.size()) {
    return Fail("{} inputs are given, the network has {}", inputs.size(), graph_->inputs.size());
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    BW_TRY(CheckInput(graph_->value(graph_->inputs[i]), *inputs[i]));
  }
  return Interpret(*graph_, std::move(inputs),
                   [this](const Node& node, std::span<const Tensor* const> constants,
                          std::span<const ConstTensorRef> in, std::span<const TensorRef> out) {
                     KernelFor(node, constants, in, out).Run(in, out);
                   });
}

}  // namespace bw
