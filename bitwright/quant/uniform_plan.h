#pragma once
// One spec for weights and one for activations, made a plan of a whole network.

#include <functional>

#include "bitwright/quant/plan.h"
#include "bitwright/quant/spec_for.h"

namespace bw {

// A spec as the user wrote it, and where: "--weights". "fp32": the tensor stays float.
struct SpecText {
  std::string spec, where;
};

struct UniformChoice {
  std::function<SpecText(const QuantTarget& target)> spec;
  std::string weight_method = "mse", activation_method = "norm=3";  // of scales
  WeightRounding rounding = WeightRounding::kNearest;
};

// Fails, naming the SpecText's `where`, when a spec is none or does not fit its tensor.
// `statistics` are by target.
Expected<Plan> UniformPlan(const QuantTargets& targets,
                           const std::vector<ActivationStatistics>& statistics,
                           const UniformChoice& choice);

}  // namespace bw
