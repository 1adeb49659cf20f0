#pragma once
// A plan made real: weights as codes, activations rounded by FakeQuantize nodes.

#include <map>
#include <vector>

#include "bitwright/quant/calibration.h"
#include "bitwright/quant/plan.h"

namespace bw {

// The codes of one weight under a plan's entry; fails when the spec does not fit the weight's
// shape.
Expected<QTensor> QuantizeWeight(const Tensor& weight, const TensorPlan& plan);

// The scale that an activation gets: the plan's own, or one chosen by its method from the
// statistics. Fails when there is neither, or the spec is not per tensor.
Expected<QuantParams> ActivationParams(const std::string& name, const TensorPlan& plan,
                                       const ActivationStatistics* statistics);

// Fixes the scale of every activation in the plan that has none, from the statistics (by target).
Expected<void> FixScales(Plan& plan, const QuantTargets& targets,
                         const std::vector<ActivationStatistics>& statistics);

// The quantized network. Every activation of the plan must have its scale; the plan must have
// passed CheckPlan.
Expected<Graph> ApplyPlan(const Graph& graph, const QuantTargets& targets, const Plan& plan);

}  // namespace bw
