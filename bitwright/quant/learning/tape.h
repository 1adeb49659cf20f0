#pragma once
// A part of a quantized network, run forward and backward for fixed shapes on the calling thread.

#include <memory>
#include <vector>

#include "bitwright/graph/infer.h"
#include "bitwright/quant/learning/activation_rounder.h"
#include "bitwright/quant/learning/gradient.h"
#include "bitwright/runtime/kernel.h"

namespace bw {

class Tape {
 public:
  // `graph` has one input and one output and must outlive the tape; `learned` are constants of it
  // whose gradients are wanted. Fails when a node on the way from a learned constant or a
  // FakeQuantize node to the output has no gradient.
  static Expected<Tape> Create(const Graph& graph, const Shape& input_shape,
                               std::vector<ValueId> learned);

  // Elements of a learned constant from the next Forward on; must outlive its use, and is told
  // again whenever they change.
  void SetConstant(std::size_t learned, const Tensor& elements);

  // The FakeQuantize nodes, in order.
  std::vector<ActivationRounder>& rounders() { return rounders_; }

  // The output, valid until the next call. With a seed half of the activations are not rounded.
  ConstTensorRef Forward(ConstTensorRef input, std::optional<std::uint64_t> drop_seed);

  // After Forward: the gradients of the learned constants, in order, overwritten, and those of
  // log(scale) of the rounders.
  void Backward(ConstTensorRef output_gradient, std::span<const TensorRef> constants,
                std::span<double> scales);

  // A value of the last Forward.
  ConstTensorRef ValueOf(ValueId id) const;

 private:
  // One input of a node that a gradient flows into.
  struct Edge {
    std::size_t input = 0;
    ValueId value = kNoValue;
    Tensor scratch;  // where the value's gradient has been begun by a later node, to be added
  };
  struct Step {
    const Node* node = nullptr;
    std::unique_ptr<Kernel> kernel;      // null for FakeQuantize
    std::unique_ptr<Gradient> gradient;  // null where no gradient flows, and for FakeQuantize
    std::size_t rounder = 0;
    std::vector<Edge> edges;
  };

  explicit Tape(const Graph& graph) : graph_(&graph) {}
  Expected<void> MakeSteps(std::vector<char>& needs);
  Expected<void> MakeGradients(const std::vector<char>& needs);
  const Tensor* Constant(ValueId id) const;
  std::vector<ConstTensorRef> Inputs(const Node& node) const;
  TensorRef GradientRef(ValueId id, std::span<const TensorRef> constants);
  void BackStep(Step& step, ConstTensorRef output_gradient, std::span<const TensorRef> constants,
                std::span<double> scales);

  const Graph* graph_;
  InferredTypes types_;
  std::vector<ValueId> learned_;
  std::vector<const Tensor*> elements_;  // of learned constants; null: the graph's own
  std::vector<int> learned_index_;       // by value; -1: not learned
  std::vector<Step> steps_;
  std::vector<ActivationRounder> rounders_;
  std::vector<Tensor> values_, gradients_;  // by value
  Tensor input_;
  std::optional<std::uint64_t> drop_seed_;
};

}  // namespace bw
