#include "bitwright/tune/tune.h"

#include <algorithm>
#include <cmath>

#include "bitwright/search/proposals.h"
#include "bitwright/search/reachable.h"
#include "bitwright/tune/collect_front.h"
#include "bitwright/tune/judge.h"
#include "bitwright/tune/plan_costs.h"
#include "bitwright/tune/repaired_plans.h"

namespace bw {
namespace {

constexpr std::size_t kFrontPoints = 12;  // measured after the search
// Of the evaluations, those that are kept for repaired plans: a tenth, 2 at least.
constexpr std::size_t kRepairedShare = 10, kFewestRepaired = 2;
constexpr double kLeastStretch = 1.02, kMostStretch = 3;  // of the loss that repair is paid for by

// The tuner's state between its stages.
class Tuner {
 public:
  Tuner(const Graph& graph, const TuneData& data, const Metric& metric, const TuneOptions& options,
        const SavePlan& save, const Progress& progress, PlanSpace& plans,
        std::shared_ptr<const LayerCosts> costs, ReadyDemand demand, TrialMemo& memo,
        const TuneHooks& hooks)
      : graph_(graph),
        data_(data),
        metric_(metric),
        options_(options),
        save_(save),
        progress_(progress),
        plans_(plans),
        costs_(std::move(costs)),
        demand_(std::move(demand)),
        memo_(memo),
        hooks_(hooks),
        repaired_(plans, data, options, ValueByJudge(), progress) {}

  Expected<TuneResult> Run() {
    BW_ASSIGN(const Strategy* strategy, FindStrategy(options_.strategy));
    const SearchSpace space{plans_.losses(), MakeCosts(plans_, costs_, demand_.quantities)};
    BW_TRY(CheckReachable(space, demand_.demand));
    Problem problem(
        space, demand_.demand, [this](const Assignment& a, Fidelity f) { return Measure(a, f); },
        [this](std::string_view name) { return plans_.Fact(name); }, SearchBounds());
    BW_TRY(strategy->run(problem, options_.strategy_parameters));
    return Conclude(*strategy, problem);
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

  Expected<Verdict> ExternalVerdict(const Assignment& assignment, const Evaluation& evaluation) {
    const TrialKey key{hooks_.judge->name + "\n" + PlanToJson(plans_.PlanOf(assignment)), 0};
    BW_ASSIGN(const std::optional<Evaluation> known, memo_.Find(key));
    if (known) return VerdictOfValue(known->value, evaluation);
    BW_ASSIGN(const Graph quantized, plans_.Quantized(assignment));
    BW_ASSIGN(const std::optional<double> value, hooks_.judge->measure(quantized));
    Evaluation kept;
    kept.value = value.value_or(0);
    if (value) BW_TRY(memo_.Keep(key, kept));
    return VerdictOfValue(value, evaluation);
  }

  // A plan that the judge has no value for lies far outside.
  Verdict VerdictOfValue(std::optional<double> value, const Evaluation& evaluation) const {
    const double before = hooks_.judge->float_value;
    const double drop = value ? before - *value : 1 + 2 * options_.max_drop + std::abs(before);
    const double slack = options_.max_drop - drop;
    return {value && slack >= 0, slack, evaluation.divergence};
  }

  NetworkValue ValueByJudge() const {
    return hooks_.judge == nullptr ? NetworkValue() : hooks_.judge->measure;
  }

  // Of a plan after repair. A judge's value is kept in place of the metric's.
  Expected<Verdict> MeasureRepaired(const Assignment& assignment) {
    const std::string judge = hooks_.judge == nullptr ? "" : hooks_.judge->name + "\n";
    const TrialKey key{judge + repaired_.Text(assignment), data_.search.size()};
    BW_ASSIGN(std::optional<Evaluation> found, memo_.Find(key));
    if (!found) {
      BW_ASSIGN(const RepairedPlan* const made, repaired_.Make(assignment));
      found = made->evaluation;
      if (hooks_.judge != nullptr) found->value = made->value.value_or(std::nan(""));
      if (std::isfinite(found->value)) BW_TRY(memo_.Keep(key, *found));
    }
    if (hooks_.judge == nullptr) return Judge(plans_.search(), *found, options_, Fidelity::kFull);
    const bool known = std::isfinite(found->value);
    return VerdictOfValue(known ? std::optional(found->value) : std::nullopt, *found);
  }

  // A part of the evaluations is kept for plans after repair.
  std::size_t RepairedEvaluations() const {
    if (repaired_.empty()) return 0;
    return std::min(options_.evaluations / 2,
                    std::max(options_.evaluations / kRepairedShare, kFewestRepaired));
  }

  SearchLimits LimitsOf(std::size_t evaluations) const {
    SearchLimits limits;
    limits.evaluations = static_cast<double>(evaluations);
    limits.cheap_share =
        static_cast<double>(plans_.cheap_samples()) / static_cast<double>(data_.search.size());
    limits.out_of_time = [this] {
      return (hooks_.stop && hooks_.stop()) || memo_.Elapsed() > options_.budget_seconds;
    };
    limits.progress = progress_;
    return limits;
  }

  SearchLimits SearchBounds() const {
    SearchLimits limits = LimitsOf(options_.evaluations - RepairedEvaluations());
    limits.best = [this](const Assignment& assignment) -> Expected<void> {
      BW_ASSIGN(const Graph quantized, plans_.Quantized(assignment));
      return save_(plans_.PlanOf(assignment), quantized);
    };
    return limits;
  }

  // What the memo knows needs not be written again.
  SearchLimits RepairBounds(std::size_t evaluations) {
    SearchLimits limits = LimitsOf(evaluations);
    limits.best = [this](const Assignment& assignment) -> Expected<void> {
      if (!repaired_.IsLast(assignment)) return {};
      BW_ASSIGN(const RepairedPlan* const made, repaired_.Make(assignment));
      return save_(made->plan, made->quantized);
    };
    return limits;
  }

  // From the best plan on with repaired ones: what repair takes off its loss pays for going on
  // down. Where no plan is within the bound but one is after repair, the whole search is of
  // repaired plans. The assignment it ends at; nullopt where none is allowed.
  Expected<std::optional<Assignment>> Descend(const Strategy& strategy, const Problem& search,
                                              const MeasuredAssignment& start) {
    const bool found = search.best().has_value();
    const std::size_t evaluations =
        found ? RepairedEvaluations() : options_.evaluations - search.measured().size();
    Problem problem(
        search.space(), search.demand(),
        [this](const Assignment& a, Fidelity) { return MeasureRepaired(a); },
        [this](std::string_view name) { return plans_.Fact(name); }, RepairBounds(evaluations));
    BW_ASSIGN(const auto verdict, problem.Evaluate(start.assignment, Fidelity::kFull));
    if (found && problem.best()) {
      const double won = start.verdict.loss / std::max(verdict->loss, 1e-12);
      BW_TRY(Proposals(problem, search.losses()).Run(std::clamp(won, kLeastStretch, kMostStretch)));
    } else if (verdict && verdict->feasible) {
      BW_TRY(strategy.run(problem, options_.strategy_parameters));
    }
    repaired_count_ = problem.measured().size();
    if (problem.best()) return problem.best()->assignment;
    return found ? std::optional(start.assignment) : std::nullopt;
  }

  // The result's plan, network and drop.
  Expected<void> SetPlan(const Assignment& assignment, TuneResult& result) {
    BW_ASSIGN(const RepairedPlan* const made, repaired_.Make(assignment));
    result.plan = made->plan;
    result.quantized = made->quantized;
    result.chosen = plans_.Chosen(assignment);
    if (hooks_.judge != nullptr) {
      result.search_drop = hooks_.judge->float_value - made->value.value_or(std::nan(""));
      return {};
    }
    result.search_drop = Drop(float_result(), made->evaluation);
    if (options_.confidence)
      result.search_upper_limit = CautiousDrop(plans_.search(), made->evaluation, options_);
    return {};
  }

  // The front, and on it the plan as it is written.
  Expected<void> SetFront(const Problem& problem, const Assignment& assignment,
                          TuneResult& result) {
    BW_ASSIGN(result.front, CollectFront(plans_, *costs_, problem, options_, kFrontPoints));
    if (!result.feasible) return {};
    BW_ASSIGN(const RepairedPlan* const made, repaired_.Make(assignment));
    AddChosen(result.front, {result.plan, made->evaluation.value, made->evaluation.divergence,
                             problem.Objective(assignment), true, true, result.cost});
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
    BW_ASSIGN(Evaluator test, Evaluator::Create(graph_, data_.test, metric_, Options(), progress_));
    BW_ASSIGN(result.quantized_test, test.RunGraph(result.quantized, Options(), progress_));
    result.float_test = test.float_result();
    return {};
  }

  // The best; where nothing is allowed, the assignment that comes nearest.
  Expected<TuneResult> Conclude(const Strategy& strategy, const Problem& problem) {
    TuneResult result;
    result.max_drop = options_.max_drop;
    const auto nearest = std::max_element(
        problem.measured().begin(), problem.measured().end(),
        [](const auto& a, const auto& b) { return a.verdict.slack < b.verdict.slack; });
    if (nearest == problem.measured().end())
      return FailUsage("--budget: the time was over before the first plan was measured");
    plans_.search().ReuseActivations(0);  // no more small changes
    const MeasuredAssignment& start = problem.best() ? *problem.best() : *nearest;
    BW_ASSIGN(const std::optional<Assignment> found, Descend(strategy, problem, start));
    result.feasible = found.has_value();
    if (!found) result.conflict = DescribeConflict(problem);
    const Assignment assignment = found.value_or(start.assignment);
    BW_TRY(SetPlan(assignment, result));
    if (result.feasible) BW_TRY(save_(result.plan, result.quantized));
    result.evaluations = problem.measured().size() + repaired_count_;
    result.cost = CostOf(*costs_, plans_.targets(), result.plan);
    result.float_cost = CostOf(*costs_, plans_.targets(), {});
    BW_TRY(SetFront(problem, assignment, result));
    BW_TRY(MeasureTest(result));
    result.statistics = plans_.statistics();
    result.graph = plans_.graph();
    return result;
  }

  const Graph& graph_;
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
  RepairedPlans repaired_;
  std::size_t repaired_count_ = 0;
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
  return Tuner(graph, data, metric, bounded, save, progress, plans, costs, std::move(demand), memo,
               hooks)
      .Run();
}

}  // namespace bw
