#include "bitwright/base/check.h"
#include "bitwright/quant/fit_spec.h"
#include "bitwright/tune/tune.h"

namespace bw {

std::int64_t TensorBytes(const QuantTarget& target, const QuantSpec& spec) {
  const auto bits = static_cast<std::int64_t>(spec.element.bits());
  const std::int64_t codes = (target.elements * bits + 7) / 8;
  // An activation's one scale, and the values of a format fitted to it, are part of the program.
  const bool one_scale = std::holds_alternative<PerTensor>(spec.grain);
  if (target.kind == TargetKind::kActivation && one_scale) return codes;
  const Expected<Grouping> grouping = MakeGrouping(spec.grain, target.shape);
  BW_CHECK(grouping.has_value());
  const std::int64_t zeros = spec.symmetric ? 0 : bits;
  const std::int64_t tensor_scale = spec.two_level ? 4 : 0;
  return codes + TableBytes(spec.element) + tensor_scale +
         (grouping->groups() * (spec.scale.bits() + zeros) + 7) / 8;
}

Sizes PlanSizes(const QuantTargets& targets, const Plan& plan) {
  Sizes sizes;
  sizes.weight_bytes = sizes.weight_float_bytes = 4 * targets.float_weight_elements;
  sizes.activation_bytes = sizes.activation_float_bytes = 4 * targets.float_activation_elements;
  for (const QuantTarget& target : targets.tensors) {
    const auto entry = plan.tensors.find(target.name);
    const std::int64_t float_bytes = 4 * target.elements;
    const std::int64_t bytes =
        entry == plan.tensors.end() ? float_bytes : TensorBytes(target, entry->second.spec);
    const bool weight = target.kind == TargetKind::kWeight;
    (weight ? sizes.weight_bytes : sizes.activation_bytes) += bytes;
    (weight ? sizes.weight_float_bytes : sizes.activation_float_bytes) += float_bytes;
  }
  return sizes;
}

}  // namespace bw
