#pragma once
// Runs a graph for fixed input shapes on the calling thread. Parallelism is one executor per
// worker, each on its own rows, so no result depends on the number of threads.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "bitwright/graph/infer.h"
#include "bitwright/runtime/kernel.h"

namespace bw {

// Rounds an activation to its format right after it is computed (or read, for a graph input).
struct ActivationQuantizer {
  QuantSpec spec;
  QuantParams params;
};

struct ExecutorOptions {
  Backend backend = Backend::kFast;
  // Every value keeps its own memory until the next Run, so that Rerun can start from any of them;
  // otherwise memory is planned and only outputs survive.
  bool keep_values = false;
};

class Executor {
 public:
  // Infers types for these input shapes and readies a kernel for each node. The graph must outlive
  // the executor.
  static Expected<Executor> Create(const Graph& graph, const std::vector<Shape>& input_shapes,
                                   ExecutorOptions options);

  Executor(Executor&&) noexcept = default;
  Executor& operator=(Executor&&) noexcept = default;

  // Computes everything; inputs have the shapes given at creation.
  void Run(std::span<const ConstTensorRef> inputs);

  // The result of the last Run: a graph output, or with keep_values any value.
  ConstTensorRef ValueOf(ValueId id) const;
  ConstTensorRef Output(std::size_t index) const { return ValueOf(graph_->outputs[index]); }

  // Replaces the elements of a constant (same type) from the next Run on; null puts the graph's own
  // back.
  void SetConstant(ValueId id, const Tensor* elements);
  // Rounds a value from the next Run on; null stops it. The quantizer must outlive its use.
  void SetQuantizer(ValueId id, const ActivationQuantizer* quantizer);

  // With keep_values: computes again what follows from the changed constants and quantizers,
  // leaving the results of the last Run in place; reads the new results with RerunOutput. Equal to
  // a whole Run, bit for bit.
  void Rerun(std::span<const ValueId> changed);
  ConstTensorRef RerunOutput(std::size_t index) const;

  // From now on the seconds that each node takes are added up.
  void StartProfile() { profile_.assign(steps_.size(), 0.0); }
  // Since StartProfile, by node in execution order; nodes that were folded away are absent.
  struct NodeTime {
    const Node* node = nullptr;
    double seconds = 0;
  };
  std::vector<NodeTime> Profile() const;

  const InferredTypes& types() const { return types_; }
  std::size_t arena_bytes() const { return arena_.bytes(); }

 private:
  struct Step {
    const Node* node = nullptr;
    std::unique_ptr<Kernel> kernel;
    std::vector<std::size_t> bound;  // inputs that are constants
  };

  Executor(const Graph& graph, ExecutorOptions options) : graph_(&graph), options_(options) {}
  void MakeSteps();
  void PlaceBuffers();
  void RunStep(const Step& step, const std::vector<std::byte*>& reads,
               const std::vector<std::byte*>& writes);
  void Quantize(ValueId id, std::byte* data) const;
  void CopyInput(std::size_t index, ConstTensorRef input, std::byte* to) const;
  const Tensor* Constant(ValueId id) const;
  ConstTensorRef View(ValueId id, const std::vector<std::byte*>& buffers) const;
  const TensorType& TypeOf(ValueId id) const { return types_.types[static_cast<std::size_t>(id)]; }

  const Graph* graph_;
  ExecutorOptions options_;
  InferredTypes types_;
  std::vector<Step> steps_;
  std::vector<int> producer_;  // by value: index into steps_, -1 none
  Tensor arena_, rerun_arena_;
  std::vector<std::byte*> buffers_;  // by value; null for constants
  std::vector<std::byte*> rerun_own_,
      rerun_buffers_;               // keep_values: second places, and what the last Rerun reads
  std::vector<Tensor> raw_inputs_;  // keep_values: inputs before rounding
  std::vector<double> profile_;     // by step; empty: not wanted
  std::vector<const Tensor*> overrides_;                // by value
  std::vector<const ActivationQuantizer*> quantizers_;  // by value
};

}  // namespace bw
