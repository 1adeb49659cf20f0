#include "bitwright/tune/tune.h"

#include <algorithm>
#include <cmath>

#include "bitwright/quant/bias_correction.h"
#include "bitwright/search/strategy.h"
#include "bitwright/tune/plan_space.h"

namespace bw {
namespace {

constexpr double kBiasMacs = 1e12;

// What unseen samples are likely to lose. A counted drop below the expected one is luck and is
// not believed; one above it is partly bad luck and is believed by half.
double UnseenDrop(const Metric& metric, double counted, const Evaluation& evaluation) {
  if (!metric.is_percent) return counted;
  return std::max(evaluation.expected_drop, (evaluation.expected_drop + counted) / 2);
}

// Weight and activation bytes; what is not minimised keeps the weight of a tie-break.
SearchSpace MakeSearchSpace(const PlanSpace& plans) {
  SearchSpace space{plans.losses(), {}};
  for (const auto& [name, kind] : {std::pair("weight_bytes", TargetKind::kWeight),
                                   std::pair("activation_bytes", TargetKind::kActivation)}) {
    CostTable cost{name, false, 0, {}};
    for (std::size_t d = 0; d < space.decisions(); ++d) {
      if (plans.targets().tensors[plans.target(d)].kind != kind) continue;
      std::vector<double> bytes;
      for (std::size_t c = 0; c < space.choices(d); ++c)
        bytes.push_back(static_cast<double>(plans.candidate(d, c).bytes));
      cost.terms.push_back(SingleTerm(d, std::move(bytes)));
    }
    space.costs.push_back(std::move(cost));
  }
  return space;
}

Demand MakeDemand(const std::string& minimize) {
  const double weights = minimize == "activations" ? 1e-3 : 1;
  const double activations = minimize == "weights" ? 1e-3 : 1;
  Demand demand;
  demand.weights = {weights, activations};
  demand.objective = [weights, activations](std::span<const double> totals) {
    return weights * totals[0] + activations * totals[1];
  };
  return demand;
}

// The tuner's state between its stages.
class Tuner {
 public:
  Tuner(const TuneData& data, const Metric& metric, const TuneOptions& options,
        const SavePlan& save, const Progress& progress, PlanSpace& plans,
        std::chrono::steady_clock::time_point start)
      : data_(data),
        metric_(metric),
        options_(options),
        save_(save),
        progress_(progress),
        plans_(plans),
        start_(start) {}

  Expected<TuneResult> Run() {
    BW_ASSIGN(const Strategy* strategy, FindStrategy(options_.strategy));
    Problem problem(
        MakeSearchSpace(plans_), MakeDemand(options_.minimize),
        [this](const Assignment& a, Fidelity f) { return Judge(a, f); },
        [this](std::string_view name) { return plans_.Fact(name); }, Limits());
    BW_TRY(strategy->run(problem, options_.strategy_parameters));
    return Conclude(problem);
  }

 private:
  RunnerOptions Options() const { return {options_.threads, Backend::kFast, false}; }
  const Evaluation& float_result() const { return plans_.search().float_result(); }

  Expected<Verdict> Judge(const Assignment& assignment, Fidelity fidelity) {
    BW_ASSIGN(const Evaluation evaluation, plans_.Measure(assignment, fidelity));
    if (fidelity == Fidelity::kCheap) return Verdict{false, 0, evaluation.divergence};
    const double margin = options_.margin.value_or(metric_.is_percent ? 1.0 : 4.0);
    const double drop = Drop(float_result(), evaluation);
    const double reserve =
        margin * DropStandardError(metric_, data_.search, float_result(), evaluation);
    const double slack = options_.max_drop - UnseenDrop(metric_, drop, evaluation) - reserve;
    return Verdict{slack >= 0 && drop <= options_.max_drop, slack, evaluation.divergence};
  }

  SearchLimits Limits() {
    SearchLimits limits;
    limits.evaluations = static_cast<double>(options_.evaluations);
    limits.cheap_share =
        static_cast<double>(plans_.cheap_samples()) / static_cast<double>(data_.search.size());
    limits.out_of_time = [this] {
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
      return elapsed.count() > options_.budget_seconds;
    };
    limits.progress = progress_;
    limits.best = [this](const Assignment& assignment) -> Expected<void> {
      BW_ASSIGN(const Graph quantized, plans_.Quantized(assignment));
      return save_(plans_.PlanOf(assignment), quantized);
    };
    return limits;
  }

  // Gives the plan corrected biases where the search samples do not speak against it.
  Expected<void> Repair(TuneResult& result) {
    if (!result.feasible || !options_.correct_biases) return {};
    Graph corrected = result.quantized;
    BW_ASSIGN(const LayerBiases biases, CorrectBiases(corrected, plans_.graph(), data_.calibration,
                                                      options_.threads, kBiasMacs, progress_));
    BW_TRY(SetBiases(corrected, biases));
    Evaluator& search = plans_.search();
    BW_ASSIGN(const Evaluation before, search.RunGraph(result.quantized, Options(), progress_));
    BW_ASSIGN(const Evaluation after, search.RunGraph(corrected, Options(), progress_));
    const double drop_before = Drop(float_result(), before);
    const double drop_after = Drop(float_result(), after);
    const bool farther = after.divergence > before.divergence;
    if (farther ||
        UnseenDrop(metric_, drop_after, after) > UnseenDrop(metric_, drop_before, before))
      return {};
    result.search_drop = drop_after;
    result.plan.biases = biases;
    result.quantized = std::move(corrected);
    return save_(result.plan, result.quantized);
  }

  // The figures of the report: the plan's own graph, run on samples that nothing was chosen by.
  // Where nothing is allowed, the assignment that comes nearest.
  Expected<TuneResult> Conclude(const Problem& problem) {
    TuneResult result;
    result.feasible = problem.best().has_value();
    const auto nearest = std::max_element(
        problem.measured().begin(), problem.measured().end(),
        [](const auto& a, const auto& b) { return a.verdict.slack < b.verdict.slack; });
    if (nearest == problem.measured().end())
      return FailUsage("--budget: the time was over before the first plan was measured");
    const Assignment assignment =
        result.feasible ? problem.best()->assignment : nearest->assignment;
    BW_ASSIGN(const Evaluation measured, plans_.Measure(assignment, Fidelity::kFull));
    result.search_drop = Drop(float_result(), measured);
    result.plan = plans_.PlanOf(assignment);
    BW_ASSIGN(result.quantized, plans_.Quantized(assignment));
    BW_TRY(Repair(result));
    result.evaluations = problem.measured().size();
    result.chosen = plans_.Chosen(assignment);
    BW_ASSIGN(Evaluator test,
              Evaluator::Create(plans_.graph(), data_.test, metric_, Options(), progress_));
    BW_ASSIGN(result.quantized_test, test.RunGraph(result.quantized, Options(), progress_));
    result.float_test = test.float_result();
    result.statistics = plans_.statistics();
    return result;
  }

  const TuneData& data_;
  const Metric& metric_;
  const TuneOptions& options_;
  const SavePlan& save_;
  const Progress& progress_;
  PlanSpace& plans_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

Expected<TuneResult> Tune(const Graph& graph, const QuantTargets& targets, const TuneData& data,
                          const Metric& metric, const TuneOptions& options, const SavePlan& save,
                          const Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  TrialMap memo;
  BW_ASSIGN(PlanSpace plans,
            PlanSpace::Create(graph, targets, data, metric, options, memo, progress));
  return Tuner(data, metric, options, save, progress, plans, start).Run();
}

}  // namespace bw
