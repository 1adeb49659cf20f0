#include "bitwright/quant/stored_bytes.h"
#include "bitwright/tune/tune.h"

namespace bw {

Sizes PlanSizes(const QuantTargets& targets, const Plan& plan) {
  Sizes sizes;
  sizes.weight_bytes = sizes.weight_float_bytes = 4 * targets.float_weight_elements;
  sizes.activation_bytes = sizes.activation_float_bytes = 4 * targets.float_activation_elements;
  for (const QuantTarget& target : targets.tensors) {
    const auto entry = plan.tensors.find(target.name);
    const std::int64_t float_bytes = StoredBytes(target, nullptr);
    const std::int64_t bytes =
        entry == plan.tensors.end() ? float_bytes : StoredBytes(target, &entry->second.spec);
    const bool weight = target.kind == TargetKind::kWeight;
    (weight ? sizes.weight_bytes : sizes.activation_bytes) += bytes;
    (weight ? sizes.weight_float_bytes : sizes.activation_float_bytes) += float_bytes;
  }
  return sizes;
}

}  // namespace bw
