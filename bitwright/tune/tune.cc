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
        std::shared_ptr<const LayerCosts> costs, ReadyDemand demand, TrialMemo& memo,
        const TuneHooks& hooks)
      : data_(data),
        metric_(metric),
        options_(options),
        save_(save),
        progress_(progress),
        plans_(plans),
        costs_(std::move(costs)),
        demand_(std::move(demand)),
        memo_(memo),
        hooks_(hooks) {}

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
    if (hooks_.judge != nullptr && fidelity == Fidelity::kFull)
      return ExternalVerdict(assignment, evaluation);
    BW_ASSIGN(const Evaluator* const evaluator, plans_.EvaluatorOf(fidelity));
    return Judge(*evaluator, evaluation, options_, fidelity);
  }

  // A plan that the judge has no value for lies far outside.
  Expected<Verdict> ExternalVerdict(const Assignment& assignment, const Evaluation& evaluation) {
    BW_ASSIGN(const std::optional<double> value, ExternalValue(assignment));
    const double before = hooks_.judge->float_value;
    const double drop = value ? before - *value : 1 + 2 * options_.max_drop + std::abs(before);
    const double slack = options_.max_drop - drop;
    return Verdict{value && slack >= 0, slack, evaluation.divergence};
  }

  Expected<std::optional<double>> ExternalValue(const Assignment& assignment) {
    const TrialKey key{hooks_.judge->name + "\n" + PlanToJson(plans_.PlanOf(assignment)), 0};
    BW_ASSIGN(const std::optional<Evaluation> known, memo_.Find(key));
    if (known) return known->value;
    BW_ASSIGN(const Graph quantized, plans_.Quantized(assignment));
    BW_ASSIGN(const std::optional<double> value, hooks_.judge->measure(quantized));
    Evaluation kept;
    kept.value = value.value_or(0);
    if (value) BW_TRY(memo_.Keep(key, kept));
    return value;
  }

  SearchLimits Limits() {
    SearchLimits limits;
    limits.evaluations = static_cast<double>(options_.evaluations);
    limits.cheap_share =
        static_cast<double>(plans_.cheap_samples()) / static_cast<double>(data_.search.size());
    limits.out_of_time = [this] {
      return (hooks_.stop && hooks_.stop()) || memo_.Elapsed() > options_.budget_seconds;
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
    if (after.divergence > before.divergence) return {};
    BW_ASSIGN(const bool kept, hooks_.judge != nullptr ? KeepsTheJudge(corrected, result)
                                                       : KeepsTheMetric(before, after, result));
    if (!kept) return {};
    result.plan.biases = biases;
    result.quantized = std::move(corrected);
    return save_(result.plan, result.quantized);
  }

  // Whether the corrected network loses no more; then its drop becomes the result's.
  Expected<bool> KeepsTheMetric(const Evaluation& before, const Evaluation& after,
                                TuneResult& result) {
    const auto loss = [&](const Evaluation& evaluation) {
      return options_.confidence
                 ? CautiousDrop(plans_.search(), evaluation, options_)
                 : UnseenDrop(metric_, Drop(float_result(), evaluation), evaluation);
    };
    const double loss_after = loss(after);
    if (loss_after > loss(before)) return false;
    result.search_drop = Drop(float_result(), after);
    if (options_.confidence) result.search_upper_limit = loss_after;
    return true;
  }
  Expected<bool> KeepsTheJudge(const Graph& corrected, TuneResult& result) const {
    BW_ASSIGN(const std::optional<double> value, hooks_.judge->measure(corrected));
    if (!value || hooks_.judge->float_value - *value > result.search_drop) return false;
    result.search_drop = hooks_.judge->float_value - *value;
    return true;
  }

  Expected<void> MeasureSearchDrop(const Assignment& assignment, TuneResult& result) {
    if (hooks_.judge != nullptr) {
      BW_ASSIGN(const std::optional<double> value, ExternalValue(assignment));
      result.search_drop = hooks_.judge->float_value - value.value_or(std::nan(""));
      return {};
    }
    BW_ASSIGN(const Evaluation measured, plans_.Measure(assignment, Fidelity::kFull));
    result.search_drop = Drop(float_result(), measured);
    if (options_.confidence)
      result.search_upper_limit = CautiousDrop(plans_.search(), measured, options_);
    return {};
  }

  // The figures of the report: the plan's own graph, run on samples that nothing was chosen by; an
  // external judge has but one set.
  Expected<void> MeasureTest(TuneResult& result) const {
    if (hooks_.judge != nullptr) {
      result.float_test.value = hooks_.judge->float_value;
      result.quantized_test.value = hooks_.judge->float_value - result.search_drop;
      return {};
    }
    BW_ASSIGN(Evaluator test,
              Evaluator::Create(plans_.graph(), data_.test, metric_, Options(), progress_));
    BW_ASSIGN(result.quantized_test, test.RunGraph(result.quantized, Options(), progress_));
    result.float_test = test.float_result();
    return {};
  }

  // The best; where nothing is allowed, the assignment that comes nearest.
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
    BW_TRY(MeasureSearchDrop(assignment, result));
    plans_.search().ReuseActivations(0);  // no more plans
    result.plan = plans_.PlanOf(assignment);
    BW_ASSIGN(result.quantized, plans_.Quantized(assignment));
    BW_TRY(Repair(result));
    result.evaluations = problem.measured().size();
    result.chosen = plans_.Chosen(assignment);
    result.cost = CostOf(*costs_, plans_.targets(), result.plan);
    result.float_cost = CostOf(*costs_, plans_.targets(), {});
    BW_ASSIGN(result.front, CollectFront(plans_, *costs_, problem, options_, kFrontPoints));
    BW_TRY(MeasureTest(result));
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
  TrialMemo& memo_;
  const TuneHooks& hooks_;
};

}  // namespace

Expected<TuneResult> Tune(const Graph& graph, const QuantTargets& targets, const TuneData& data,
                          const Metric& metric, const TuneOptions& options, const SavePlan& save,
                          const Progress& progress, const TuneHooks& hooks) {
  const CostTarget* target = options.target ? &*options.target : nullptr;
  BW_ASSIGN(LayerCosts layers, LayerCosts::Create(graph, targets, target));
  const auto costs = std::make_shared<const LayerCosts>(std::move(layers));
  BW_ASSIGN(ReadyDemand demand, ReadDemand(options.demand, *costs));
  TuneOptions bounded = options;
  bounded.max_drop = std::min(options.max_drop, demand.max_drop.value_or(options.max_drop));
  TrialMap own;
  TrialMemo& memo = hooks.memo != nullptr ? *hooks.memo : own;
  BW_ASSIGN(PlanSpace plans,
            PlanSpace::Create(graph, targets, data, metric, bounded, memo, progress));
  return Tuner(data, metric, bounded, save, progress, plans, costs, std::move(demand), memo, hooks)
      .Run();
}

}  // namespace bw
