#include "bitwright/quant/self_distillation.h"

#include <algorithm>
#include <array>

#include "bitwright/quant/apply.h"
#include "bitwright/runtime/work.h"

namespace bw {
namespace {

constexpr std::array<const char*, 4> kRules = {"max", "norm=5", "norm=3", "mse"};

// One scale that one activation may get.
struct Choice {
  std::size_t target = 0;
  TensorPlan plan;  // with the scale
};

// The rules' scales, those that agree with an earlier rule left out.
Expected<void> AddChoices(const std::string& name, std::size_t target, TensorPlan plan,
                          const ActivationStatistics& statistics, std::vector<Choice>& choices) {
  std::vector<std::pair<float, std::int32_t>> seen;
  for (const char* rule : kRules) {
    plan.scale_method = rule;
    plan.fixed.reset();
    BW_ASSIGN(QuantParams params, ActivationParams(name, plan, &statistics));
    const std::int32_t zero = params.zeros.empty() ? 0 : params.zeros[0];
    const std::pair<float, std::int32_t> key{params.scales[0], zero};
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
    seen.push_back(key);
    plan.fixed = FixedScale{key.first, zero, plan.spec.ToString()};
    choices.push_back({target, plan});
  }
  return {};
}

// Every choice reruns about half of the network.
Expected<std::size_t> AffordableSamples(const Graph& graph, std::size_t choices, double macs) {
  BW_ASSIGN(const std::int64_t once, CountMacs(graph, 1));
  const double sweep = static_cast<double>(std::max<std::int64_t>(1, once)) *
                       (1 + 0.5 * static_cast<double>(choices));
  return static_cast<std::size_t>(std::clamp(macs / sweep, 16.0, 256.0));
}

}  // namespace

bool NeedsOutputScales(const Plan& plan) {
  return std::any_of(plan.tensors.begin(), plan.tensors.end(),
                     [](const auto& entry) { return entry.second.scale_method == kScaleByOutput; });
}

Expected<void> ChooseScalesByOutput(Plan& plan, const Graph& graph, const QuantTargets& targets,
                                    const std::vector<ActivationStatistics>& statistics,
                                    Evaluator& evaluator, double macs, const Progress& progress) {
  std::vector<Choice> choices;
  for (std::size_t t = 0; t < targets.tensors.size(); ++t) {
    const QuantTarget& target = targets.tensors[t];
    const auto entry = plan.tensors.find(target.name);
    if (target.kind != TargetKind::kActivation || entry == plan.tensors.end()) continue;
    if (entry->second.scale_method != kScaleByOutput) continue;
    BW_TRY(AddChoices(target.name, t, entry->second, statistics[t], choices));
  }
  std::vector<ActivationQuantizer> quantizers;
  for (const Choice& choice : choices) {
    BW_ASSIGN(QuantParams params, ActivationParams("", choice.plan, nullptr));
    quantizers.push_back({choice.plan.spec, std::move(params)});
  }
  std::vector<Rounding> roundings(choices.size());
  for (std::size_t i = 0; i < choices.size(); ++i) {
    roundings[i].quantizers[targets.tensors[choices[i].target].value] = &quantizers[i];
  }
  BW_ASSIGN(const std::size_t samples, AffordableSamples(graph, choices.size(), macs));
  BW_ASSIGN(const std::vector<double> damage,
            evaluator.Sensitivities(roundings, samples, progress));
  std::map<std::size_t, double> least;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const std::size_t t = choices[i].target;
    const auto [known, first] = least.emplace(t, damage[i]);
    if (!first && damage[i] >= known->second) continue;
    known->second = damage[i];
    plan.tensors.find(targets.tensors[t].name)->second = choices[i].plan;
  }
  return {};
}

}  // namespace bw
