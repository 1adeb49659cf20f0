#pragma once
// What a network costs under a choice of formats: the layer by layer evaluation that a search
// tabulates and a report prints.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bitwright/cost/model.h"
#include "bitwright/cost/quantity.h"
#include "bitwright/cost/target.h"
#include "bitwright/cost/work.h"
#include "bitwright/quant/plan.h"

namespace bw {

// The choice that a plan means; the pointers are into the plan.
std::vector<const QuantSpec*> ChoiceOf(const Plan& plan, const QuantTargets& targets);

// The network's cost is the combination of its layers' (InfoOf(quantity).combine). Every quantity
// but kPeakBytes is a sum of functions of the specs of tensors(layer) alone, so a search evaluates
// Layer once for each combination of candidates there. kPeakBytes of a layer is the sum of the
// bytes of alive(layer), each a function of its own spec, and the network's is the greatest.
//
// kBytes, kWeightBytes, kActivationBytes, kPeakBytes and kBitOps are there for every target; the
// rest is what the target's model gives. All calls are thread-safe, and the model's figures are
// kept, so that asking again is cheap.
class LayerCosts {
 public:
  // Storage and bit operations for every network; and the target's own, unless it is null.
  static Expected<LayerCosts> Create(const Graph& graph, const QuantTargets& targets,
                                     const CostTarget* target);
  ~LayerCosts();
  LayerCosts(LayerCosts&&) noexcept;
  LayerCosts& operator=(LayerCosts&&) noexcept;

  const Work& work() const;
  std::size_t layers() const { return work().layers.size(); }

  // Indices of the tensors whose specs a layer's additive quantities depend on: its inputs, its
  // weight and its output (for the target `host` also the weights of the convolutions that read the
  // output, which decide what it is stored as). Ascending, without repeats, few.
  std::span<const std::size_t> tensors(std::size_t layer) const;
  // Indices of work().buffers that are alive while the layer runs.
  std::span<const std::size_t> alive(std::size_t layer) const;

  bool Gives(Quantity quantity) const;
  // An error names what is given, and the built-in targets that give the quantity.
  Expected<void> Require(Quantity quantity) const;

  // Reads the specs of tensors(layer), and for kPeakBytes those behind alive(layer).
  Cost Layer(std::size_t layer, SpecChoice specs) const;
  Cost Total(SpecChoice specs) const;

  // What the layer's operands are stored in.
  Operands OperandsOf(std::size_t layer, SpecChoice specs) const;
  // Figures behind the cost of a layer by the target's model.
  Breakdown Explain(std::size_t layer, SpecChoice specs) const;

 private:
  struct State;
  explicit LayerCosts(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bw
