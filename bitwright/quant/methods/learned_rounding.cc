// Rounding, scales and biases learned region by region (quant/learning/learn_rounding.h).

#include <algorithm>

#include "bitwright/quant/learning/learn_rounding.h"
#include "bitwright/quant/method.h"

namespace bw::methods {
namespace {

constexpr Statistic kNeeds[] = {Statistic::kActivations, Statistic::kLayerInputs};

std::string Summary(const std::vector<RegionReport>& regions) {
  const auto kept = std::count_if(regions.begin(), regions.end(),
                                  [](const RegionReport& region) { return region.kept; });
  std::string text =
      fmt::format("{} of {} regions came nearer to the float network", kept, regions.size());
  for (const RegionReport& region : regions) {
    if (!region.refused.empty()) text += fmt::format("; '{}' stays: {}", region.to, region.refused);
  }
  return text;
}

Expected<std::string> Apply(QuantDraft& draft, const MethodContext& context) {
  if (draft.codes.empty()) BW_TRY(RoundWeights(draft, context));
  LearningOptions options;
  options.seed = context.seed;
  options.threads = context.threads;
  options.macs = context.learning_macs;
  BW_ASSIGN(Learned learned, LearnRounding(draft.graph, *draft.targets, draft.plan, draft.codes,
                                           FittingSamples(context), options, context.progress));
  draft.plan = std::move(learned.plan);
  draft.codes = std::move(learned.codes);
  return Summary(learned.regions);
}

}  // namespace

BW_ENTRY(Method, learned_rounding) = {"learned_rounding",
                                      "roundings, scales and biases learned to reconstruct regions",
                                      Stage::kRounding,
                                      Effort::kBest,
                                      kNeeds,
                                      Apply};

}  // namespace bw::methods
