#include "bitwright/quant/uniform_plan.h"

namespace bw {

Expected<Plan> UniformPlan(const QuantTargets& targets,
                           const std::vector<ActivationStatistics>& statistics,
                           const UniformChoice& choice) {
  Plan plan;
  plan.network = Fingerprint(targets);
  for (std::size_t t = 0; t < targets.tensors.size(); ++t) {
    const QuantTarget& target = targets.tensors[t];
    const bool weight = target.kind == TargetKind::kWeight;
    const SpecText text = choice.spec(target);
    if (text.spec == "fp32") continue;
    Expected<QuantSpec> spec =
        weight ? WeightSpec(text.spec, target) : ActivationSpec(text.spec, statistics[t]);
    if (!spec) return FailUsage("{}: {}", text.where, spec.error().message);
    if (const auto fits = MakeGrouping(spec->grain, target.shape); weight && !fits) {
      return FailUsage("{}: spec '{}' for '{}': {}", text.where, text.spec, target.name,
                       fits.error().message);
    }
    const std::string& method = weight ? choice.weight_method : choice.activation_method;
    TensorPlan tensor{*std::move(spec), method, std::nullopt};
    if (weight) tensor.rounding = choice.rounding;
    plan.tensors.emplace(target.name, std::move(tensor));
  }
  return plan;
}

}  // namespace bw
