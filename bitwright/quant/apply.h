#pragma once
// A plan made real: weights as codes, activations rounded by FakeQuantize nodes.

#include <map>
#include <vector>

#include "bitwright/quant/calibration.h"
#include "bitwright/quant/layer_inputs.h"
#include "bitwright/quant/plan.h"

namespace bw {

// The codes of one weight under a plan's entry. `inputs` may be null or empty when the entry rounds
// to nearest or holds learned codes. Fails when the spec does not fit the weight's shape,
// compensation has no inputs, or learned codes are absent or stale.
Expected<QTensor> QuantizeWeight(const Tensor& weight, const TensorPlan& plan,
                                 const LayerInputs* inputs = nullptr);

// The same for every weight of the plan, by target; the others are empty.
using WeightCodes = std::vector<std::optional<QTensor>>;
Expected<WeightCodes> QuantizeWeights(const Graph& graph, const QuantTargets& targets,
                                      const Plan& plan, const std::vector<LayerInputs>& inputs,
                                      int threads, const Progress& progress = {});

// The scale that an activation gets: the plan's own, or one chosen by its method from the
// statistics. Fails when there is neither, or the spec is not per tensor.
Expected<QuantParams> ActivationParams(const std::string& name, const TensorPlan& plan,
                                       const ActivationStatistics* statistics);

// Fixes the scale of every activation in the plan that has none, from the statistics (by target).
Expected<void> FixScales(Plan& plan, const QuantTargets& targets,
                         const std::vector<ActivationStatistics>& statistics);

// The quantized network from its weights' codes, with the plan's biases. Every activation of the
// plan must have its scale; the plan must have passed CheckPlan.
Expected<Graph> ApplyPlan(const Graph& graph, const QuantTargets& targets, const Plan& plan,
                          const WeightCodes& weights);

// The same for a plan that rounds every weight to nearest.
Expected<Graph> ApplyPlan(const Graph& graph, const QuantTargets& targets, const Plan& plan);

// Any weight of the plan is rounded with compensation, and so needs CollectLayerInputs.
bool NeedsLayerInputs(const Plan& plan);

// Puts kScaleByMoments (compensate.h) in the place of mse for a weight of at most 6 bits, and says
// whether it did: at more bits the least squared error of the weight and that of the output lie at
// one scale.
bool PreferMoments(TensorPlan& plan);

}  // namespace bw
