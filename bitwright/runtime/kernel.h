#pragma once
// One node made ready to run for fixed shapes: the naive reference and the fast kernels behind one
// interface.

#include <memory>
#include <span>
#include <string_view>

#include "bitwright/base/registry.h"
#include "bitwright/graph/op.h"

namespace bw {

class Kernel {
 public:
  virtual ~Kernel() = default;

  // Tells the kernel the elements of a constant input: once before the first Run, and again
  // whenever they change, so that weights can be kept in the layout the kernel likes. The elements
  // are copied, or stay valid until the next Bind.
  virtual void BindConstant(std::size_t /*input*/, ConstTensorRef /*constant*/) {}

  // Computes the outputs; never allocates outputs, never fails. Bound constants are in `inputs` as
  // well. One thread at a time for one kernel; runs on the calling thread alone.
  virtual void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) = 0;
};

// A fast kernel for one ONNX op: one file in runtime/onednn/, named after the op.
struct KernelBinding {
  std::string_view op;
  // Null when this case (types, attributes) is not covered; the reference then runs it.
  // constants[i] is null where input i is computed at run time.
  std::unique_ptr<Kernel> (*make)(const Node& node, std::span<const TensorType> inputs,
                                  std::span<const TensorType> outputs,
                                  std::span<const Tensor* const> constants) = nullptr;
};

namespace kernels {
std::span<const KernelBinding* const> All();
}

enum class Backend { kReference, kFast };

// The kernel of a node: with kFast the binding's if it covers the case, else the op's reference.
std::unique_ptr<Kernel> MakeKernel(Backend backend, const Node& node,
                                   std::span<const TensorType> inputs,
                                   std::span<const TensorType> outputs,
                                   std::span<const Tensor* const> constants);

}  // namespace bw
