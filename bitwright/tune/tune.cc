#include "bitwright/tune/tune.h"

#include <algorithm>
#include <cmath>

#include "bitwright/quant/bias_correction.h"
#include "bitwright/search/reachable.h"
#include "bitwright/tune/collect_front.h"
#include "bitwright/tune/judge.h"
#include "bitwright/tune/plan_costs.h"

namespace bw {
namespace {

constexpr double kBiasMacs = 1e12;
constexpr std::size_t kFrontPoints = 12;  // measured after the search

// The tuner's state between its stages.
class Tuner {
 public:
  Tuner(const TuneData& data, const Metric& metric, const TuneOptions& options,
        const SavePlan& save, const Progress& progress, PlanSpace& plans,
        std::shared_ptr<const LayerCosts> costs, ReadyDemand demand,
        std::chrono::steady_clock::time_point start)
      : data_(data),
        metric_(metric),
        options_(options),
        save_(save),
        progress_(progress),
        plans_(plans),
        costs_(std::move(costs)),
        demand_(std::move(demand)),
        start_(start) {}

  Expected<TuneResult> Run() {
    BW_ASSIGN(const Strategy* strategy, FindStrategy(options_.strategy));
    const SearchSpace space{plans_.losses(), MakeCosts(plans_, costs_, demand_.quantities)};
    BW_TRY(CheckReachable(space, demand_.demand));
    Problem problem(
        space, demand_.demand, [this](const Assignment& a, Fidelity f) { return Measure(a, f); },
        [this](std::string_view name) { return plans_.Fact(name); }, Limits());
    BW_TRY(strategy->run(problem, options_.strategy_parameters));
    return Conclude(problem);
  }

 private:
  RunnerOptions Options() const { return {options_.threads, Backend::kFast, false}; }
  const Evaluation& float_result() const { return plans_.search().float_result(); }

  Expected<Verdict> Measure(const Assignment& assignment, Fidelity fidelity) {
    BW_ASSIGN(const Evaluation evaluation, plans_.Measure(assignment, fidelity));
    BW_ASSIGN(const Evaluator* const evaluator, plans_.EvaluatorOf(fidelity));
    return Judge(*evaluator, evaluation, options_, fidelity);
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
    result.max_drop = options_.max_drop;
    const auto nearest = std::max_element(
        problem.measured().begin(), problem.measured().end(),
        [](const auto& a, const auto& b) { return a.verdict.slack < b.verdict.slack; });
    if (nearest == problem.measured().end())
      return FailUsage("--budget: the time was over before the first plan was measured");
    const Assignment assignment =
        result.feasible ? problem.best()->assignment : nearest->assignment;
    BW_ASSIGN(const Evaluation measured, plans_.Measure(assignment, Fidelity::kFull));
    result.search_drop = Drop(float_result(), measured);
    plans_.search().ReuseActivations(0);  // no more plans
    result.plan = plans_.PlanOf(assignment);
    BW_ASSIGN(result.quantized, plans_.Quantized(assignment));
    BW_TRY(Repair(result));
    result.evaluations = problem.measured().size();
    result.chosen = plans_.Chosen(assignment);
    result.cost = CostOf(*costs_, plans_.targets(), result.plan);
    result.float_cost = CostOf(*costs_, plans_.targets(), {});
    BW_ASSIGN(result.front, CollectFront(plans_, *costs_, problem, options_, kFrontPoints));
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
  std::shared_ptr<const LayerCosts> costs_;
  ReadyDemand demand_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

Expected<TuneResult> Tune(const Graph& graph, const QuantTargets& targets, const TuneData& data,
                          const Metric& metric, const TuneOptions& options, const SavePlan& save,
                          const Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  const CostTarget* target = options.target ? &*options.target : nullptr;
  BW_ASSIGN(LayerCosts layers, LayerCosts::Create(graph, targets, target));
  const auto costs = std::make_shared<const LayerCosts>(std::move(layers));
  BW_ASSIGN(ReadyDemand demand, ReadDemand(options.demand, *costs));
  TuneOptions bounded = options;
  bounded.max_drop = std::min(options.max_drop, demand.max_drop.value_or(options.max_drop));
  TrialMap memo;
  BW_ASSIGN(PlanSpace plans,
            PlanSpace::Create(graph, targets, data, metric, bounded, memo, progress));
  return Tuner(data, metric, bounded, save, progress, plans, costs, std::move(demand), start).Run();
}

}  // namespace bw
