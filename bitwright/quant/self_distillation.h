#pragma once
// Scales of activations chosen by what they do to the network's output: the float network teaches
// its rounded self, no labels needed. After FxP-QNet's post-training self-distillation (arXiv
// 2203.12091); our interpretation: each activation alone, to first order, because at the widths
// where scales decide the damages of several tensors add up.

#include "bitwright/quant/calibration.h"
#include "bitwright/quant/evaluate.h"
#include "bitwright/quant/plan.h"

namespace bw {

// In place of a scale method's name in a plan's entry: the choice is due.
inline constexpr std::string_view kScaleByOutput = "output";

// The plan has an entry whose scale is to be chosen so.
bool NeedsOutputScales(const Plan& plan);

// For each activation whose method is kScaleByOutput: the scale of the rule among max, norm=5,
// norm=3 and mse that moves the output of the network least, over the first samples of the
// evaluator's data (as many as `macs` multiply-accumulates pay for, 16 to 256); the entry then
// names the rule.
Expected<void> ChooseScalesByOutput(Plan& plan, const Graph& graph, const QuantTargets& targets,
                                    const std::vector<ActivationStatistics>& statistics,
                                    Evaluator& evaluator, double macs = 1e12,
                                    const Progress& progress = {});

}  // namespace bw
