#include <algorithm>

#include "bitwright/quant/compensate.h"
#include "bitwright/quant/method.h"

namespace bw::methods {
namespace {

constexpr Statistic kNeeds[] = {Statistic::kLayerInputs};

Expected<std::string> Apply(QuantDraft& draft, const MethodContext& context) {
  std::size_t compensated = 0, rest = 0;
  for (std::size_t t = 0; t < draft.targets->tensors.size(); ++t) {
    const QuantTarget& target = draft.targets->tensors[t];
    const auto entry = draft.plan.tensors.find(target.name);
    if (target.kind != TargetKind::kWeight || entry == draft.plan.tensors.end()) continue;
    const bool known = !draft.statistics.inputs[t].empty();
    entry->second.rounding = known ? WeightRounding::kCompensated : WeightRounding::kNearest;
    ++(known ? compensated : rest);
  }
  BW_TRY(RoundWeights(draft, context));
  return fmt::format("{} weights, {} others to nearest (their inputs cannot be drawn)", compensated,
                     rest);
}

}  // namespace

BW_ENTRY(Method, compensated_rounding) = {
    "compensated_rounding",
    "each column's rounding error spread over the columns not yet rounded",
    Stage::kRounding,
    Effort::kStandard,
    kNeeds,
    Apply};

}  // namespace bw::methods
