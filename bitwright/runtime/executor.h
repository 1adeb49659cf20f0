#pragma once
// Runs a graph for fixed input shapes on the calling thread. Parallelism is one executor per
// worker, each on its own rows, so no result depends on the number of threads.

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "bitwright/graph/infer.h"
#include "bitwright/runtime/kernel.h"

namespace bw {

// Rounds an activation to its format right after it is computed (or read, for a graph input). Under
// a spec of blocks (IsDynamic) scales follow from the values, and the one of `params` is the outer.
struct ActivationQuantizer {
  QuantSpec spec;
  QuantParams params;
};

// How the rows of a batch run: all through each node, or, where that keeps what nodes pass to each
// other in the cache, a few through the whole network at a time (runtime/slices.h).
enum class Batch { kWhole, kSliced };

struct ExecutorOptions {
  Backend backend = Backend::kFast;
  // Every value keeps its own memory until the next Run; otherwise memory is planned and only
  // outputs survive.
  bool keep_values = false;
  // With kSliced only outputs can be read, and requests are not taken.
  Batch batch = Batch::kWhole;
};

// How one run departs from computing every value and forgetting all but the outputs.
struct RunRequest {
  // By value: elements, rounded already, that stand for what the run would compute; null: computed.
  // They must live as long as the run's results are read. Empty: none.
  std::vector<const std::byte*> known;
  // What is computed, with all that it needs; empty: the graph's outputs.
  std::vector<ValueId> wanted;
  // Told each value that is computed, inputs too, right after its rounding; its elements live until
  // watch returns.
  std::function<void(ValueId, ConstTensorRef)> watch;
};

class Executor {
 public:
  // Infers types for these input shapes and readies a kernel for each node. Fails when the
  // activations do not fit into FreeMemory (base/memory.h). The graph must outlive the executor.
  static Expected<Executor> Create(const Graph& graph, const std::vector<Shape>& input_shapes,
                                   ExecutorOptions options);

  Executor(Executor&&) noexcept = default;
  Executor& operator=(Executor&&) noexcept = default;

  // Inputs have the shapes given at creation. Whatever is known, the results are those of a run
  // that computes everything, bit for bit.
  void Run(std::span<const ConstTensorRef> inputs, const RunRequest& request = {});

  // The result of the last Run: a graph output, or with keep_values any value.
  ConstTensorRef ValueOf(ValueId id) const;
  ConstTensorRef Output(std::size_t index) const { return ValueOf(graph_->outputs[index]); }

  // Replaces the elements of a constant (same type) from the next Run on; null puts the graph's own
  // back.
  void SetConstant(ValueId id, const Tensor* elements);
  // Rounds a value from the next Run on; null stops it. The quantizer must outlive its use.
  void SetQuantizer(ValueId id, const ActivationQuantizer* quantizer);

  // From now on the seconds that each node takes are added up.
  void StartProfile();
  // Since StartProfile, by node in execution order; nodes that were folded away are absent.
  struct NodeTime {
    const Node* node = nullptr;
    double seconds = 0;
  };
  std::vector<NodeTime> Profile() const;

  const InferredTypes& types() const { return types_; }
  std::size_t arena_bytes() const { return arena_.bytes() + (slice_ ? slice_->arena_bytes() : 0); }

 private:
  struct Step {
    const Node* node = nullptr;
    std::unique_ptr<Kernel> kernel;
    std::vector<std::size_t> bound;  // inputs that are constants
  };

  Executor(const Graph& graph, ExecutorOptions options) : graph_(&graph), options_(options) {}
  Expected<void> MakeSlice(const std::vector<Shape>& input_shapes, std::int64_t rows);
  void RunSlices(std::span<const ConstTensorRef> inputs);
  void MakeSteps();
  Expected<void> PlaceBuffers();
  std::vector<char> Needed(const RunRequest& request) const;
  static bool IsDue(const Step& step, const std::vector<char>& needed);
  void RunStep(const Step& step);
  void Quantize(ValueId id, std::byte* data) const;
  void CopyInput(std::size_t index, ConstTensorRef input) const;
  const Tensor* Constant(ValueId id) const;
  const TensorType& TypeOf(ValueId id) const { return types_.types[static_cast<std::size_t>(id)]; }

  const Graph* graph_;
  ExecutorOptions options_;
  InferredTypes types_;
  std::unique_ptr<Executor> slice_;  // runs a few rows of the batch; null: steps_ run all of them
  std::vector<Step> steps_;
  Tensor arena_;
  std::vector<std::byte*> places_;        // by value; null for constants
  std::vector<const std::byte*> reads_;   // by value: its place, or what the last Run was given
  std::vector<double> profile_;           // by step; empty: not wanted
  std::vector<const Tensor*> overrides_;  // by value
  std::vector<const ActivationQuantizer*> quantizers_;  // by value
};

}  // namespace bw
