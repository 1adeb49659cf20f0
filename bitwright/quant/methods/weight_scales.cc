#include "bitwright/quant/apply.h"
#include "bitwright/quant/method.h"

namespace bw::methods {
namespace {

constexpr Statistic kNeeds[] = {Statistic::kLayerInputs};

Expected<std::string> Apply(QuantDraft& draft, const MethodContext&) {
  std::size_t count = 0;
  for (std::size_t t = 0; t < draft.targets->tensors.size(); ++t) {
    const QuantTarget& target = draft.targets->tensors[t];
    const auto entry = draft.plan.tensors.find(target.name);
    if (target.kind != TargetKind::kWeight || entry == draft.plan.tensors.end()) continue;
    if (draft.statistics.inputs[t].empty()) continue;
    count += PreferMoments(entry->second) ? 1 : 0;
  }
  return fmt::format("{} weights, chosen while they are rounded", count);
}

}  // namespace

BW_ENTRY(Method, weight_scales) = {
    "weight_scales", "scales of weights chosen by the error of the layer's output",
    Stage::kScales,  Effort::kStandard,
    kNeeds,          Apply};

}  // namespace bw::methods
