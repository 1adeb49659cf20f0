#pragma once
// Runs any graph, control flow and data-dependent shapes included, with the fast kernels where they
// cover a node. The Executor is faster where every type is known beforehand.

#include <map>
#include <memory>
#include <vector>

#include "bitwright/graph/interpret.h"
#include "bitwright/runtime/kernel.h"

namespace bw {

class Interpreter {
 public:
  // The graph must outlive the interpreter.
  explicit Interpreter(const Graph& graph, Backend backend = Backend::kFast)
      : graph_(&graph), backend_(backend) {}

  // Outputs for inputs of any shapes that the graph takes; on the calling thread. Fails naming the
  // node or the input when types, values or loop counts do not fit.
  Expected<std::vector<TensorPtr>> Run(std::vector<TensorPtr> inputs);

 private:
  // The kernel of a node for the types that it saw last.
  struct Ready {
    std::vector<TensorType> inputs, outputs;
    std::unique_ptr<Kernel> kernel;
  };
  Kernel& KernelFor(const Node& node, std::span<const Tensor* const> constants,
                    std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs);

  const Graph* graph_;
  Backend backend_;
  std::map<const Node*, Ready> kernels_;
};

}  // namespace bw
