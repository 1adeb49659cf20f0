#include "bitwright/tune/sensitivity.h"

#include <algorithm>
#include <optional>
#include <span>

#include "bitwright/base/memory.h"
#include "bitwright/base/parallel.h"
#include "bitwright/tune/candidates.h"

namespace bw {
namespace {

// What a candidate takes when it is rounded: elements, and at most as many bytes of codes and
// scales.
std::size_t RealisedBytes(const QuantTarget& target) {
  return target.kind == TargetKind::kWeight ? 8 * static_cast<std::size_t>(target.elements) : 0;
}

// Candidates rounded.
Expected<std::vector<CandidateRounding>> RealiseSome(const Graph& graph,
                                                     const QuantTargets& targets, int threads,
                                                     std::span<const Candidate> candidates) {
  std::vector<std::optional<Expected<CandidateRounding>>> outcomes(candidates.size());
  ParallelFor(candidates.size(), threads, [&](std::size_t c, int) {
    TensorPlan plan = candidates[c].plan;
    plan.rounding = WeightRounding::kNearest;
    outcomes[c] = Realise(graph, targets.tensors[candidates[c].target], plan, nullptr);
  });
  std::vector<CandidateRounding> roundings;
  for (std::optional<Expected<CandidateRounding>>& outcome : outcomes) {
    BW_ASSIGN(CandidateRounding rounding, *std::move(outcome));
    rounding.codes.reset();
    roundings.push_back(std::move(rounding));
  }
  return roundings;
}

}  // namespace

Expected<void> MeasureAlone(const Graph& graph, const QuantTargets& targets, Evaluator& evaluator,
                            std::size_t samples, int threads, std::vector<Candidate>& candidates,
                            const Progress& progress, std::size_t room) {
  for (std::size_t first = 0, last = 0; first < candidates.size(); first = last) {
    const std::size_t most = room > 0 ? room : FreeMemory() / 4;
    for (std::size_t taken = 0; last < candidates.size() && (last == first || taken < most); ++last)
      taken += RealisedBytes(targets.tensors[candidates[last].target]);
    const std::span<Candidate> some(candidates.data() + first, last - first);
    BW_ASSIGN(const std::vector<CandidateRounding> roundings,
              RealiseSome(graph, targets, threads, some));
    std::vector<Rounding> alone(some.size());
    for (std::size_t c = 0; c < some.size(); ++c) {
      const QuantTarget& target = targets.tensors[some[c].target];
      if (target.kind == TargetKind::kWeight)
        alone[c].constants[target.value] = &roundings[c].weight;
      else
        alone[c].quantizers[target.value] = &roundings[c].activation;
    }
    BW_ASSIGN(const std::vector<double> losses, evaluator.Sensitivities(alone, samples, progress));
    for (std::size_t c = 0; c < some.size(); ++c) some[c].sensitivity = losses[c];
  }
  return {};
}

}  // namespace bw
