#include "bitwright/quant/method.h"

#include <algorithm>
#include <array>

#include "bitwright/base/text.h"

namespace bw {
namespace {

constexpr std::array<std::string_view, 3> kEfforts = {"fast", "standard", "best"};

}  // namespace

std::string_view EffortName(Effort effort) { return kEfforts[static_cast<std::size_t>(effort)]; }

Expected<Effort> EffortNamed(std::string_view name) {
  const auto found = std::find(kEfforts.begin(), kEfforts.end(), name);
  if (found != kEfforts.end()) return static_cast<Effort>(found - kEfforts.begin());
  return FailUsage("--effort: unknown effort '{}' (known: {})", name, fmt::join(kEfforts, ", "));
}

Expected<std::vector<const Method*>> MethodsFor(Effort effort,
                                                std::span<const std::string> without) {
  std::vector<std::string> names;
  for (const Method* method : methods::All()) names.emplace_back(method->name);
  for (const std::string& name : without) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return FailUsage("--without: unknown method '{}'; nearest is '{}' (known: {})", name,
                     Nearest(name, names), fmt::join(names, ", "));
  }
  std::vector<const Method*> chosen;
  for (const Method* method : methods::All()) {
    const bool left_out = std::find(without.begin(), without.end(), method->name) != without.end();
    if (method->effort <= effort && !left_out) chosen.push_back(method);
  }
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const Method* a, const Method* b) { return a->stage < b->stage; });
  return chosen;
}

Expected<void> RoundWeights(QuantDraft& draft, const MethodContext& context) {
  BW_ASSIGN(draft.codes,
            QuantizeWeights(draft.graph, *draft.targets, draft.plan, draft.statistics.inputs,
                            context.threads, context.progress));
  return {};
}

const Method* FindMethod(std::span<const Method* const> methods, std::string_view name) {
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [&](const Method* method) { return method->name == name; });
  return found == methods.end() ? nullptr : *found;
}

CalibrationParts HoldOut(const Dataset& calibration) {
  constexpr std::size_t kFew = 16, kEach = 8;
  if (calibration.size() < kFew) return {calibration, calibration};
  std::vector<std::size_t> fitting, held_out;
  for (std::size_t i = 0; i < calibration.size(); ++i)
    (i % kEach == kEach - 1 ? held_out : fitting).push_back(i);
  return {calibration.Select(fitting), calibration.Select(held_out)};
}

std::vector<Statistic> NeedsOf(std::span<const Method* const> methods) {
  std::vector<Statistic> needs;
  for (const Method* method : methods)
    needs.insert(needs.end(), method->needs.begin(), method->needs.end());
  return needs;
}

Expected<Statistics> CollectStatistics(const Graph& graph, const QuantTargets& targets,
                                       std::span<const Statistic> needs,
                                       const MethodContext& context) {
  Statistics statistics;
  BW_ASSIGN(statistics.activations, Calibrate(graph, targets, *context.calibration, context.seed,
                                              context.threads, context.progress));
  statistics.inputs.resize(targets.tensors.size());
  if (std::find(needs.begin(), needs.end(), Statistic::kLayerInputs) == needs.end())
    return statistics;
  BW_ASSIGN(statistics.inputs, CollectLayerInputs(graph, targets, *context.calibration,
                                                  context.seed, context.threads, context.progress));
  return statistics;
}

}  // namespace bw
