// Compares search strategies on one network: the same candidates, the same bound, the same number
// of measurements of whole plans; what was measured once is not measured again for another
// strategy.
//
//   strategies_bench NAME MODEL --data ... [--objective bytes --objective latency_ns@dybit-zcu102]
//                    [--strategy pareto --strategy ompq ...] [--proxy 200]
//
// One line of Markdown for each search, and for --proxy the rank correlation of predicted and
// measured losses of that many random plans.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>

#include "bitwright/base/rng.h"
#include "bitwright/cli/options.h"
#include "bitwright/cost/target.h"
#include "bitwright/search/reachable.h"
#include "bitwright/tune/judge.h"
#include "bitwright/tune/plan_costs.h"

namespace bw {
namespace {

struct Options {
  std::string name, model, calibration, formats = "int2..8,dybit2..8,esb*,e2m1,e2m3,e3m2,e4m3fn";
  std::vector<std::string> objectives{"bytes"}, strategies;
  std::size_t proxy = 0;
  DataOptions data;
  RunOptions run;
  TuneOptions tune;
};

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

// Ranks from 0, equal values at their mean.
std::vector<double> Ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
    for (std::size_t j = i; j < end; ++j) ranks[order[j]] = static_cast<double>(i + end - 1) / 2;
    i = end;
  }
  return ranks;
}

double Spearman(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> x = Ranks(a), y = Ranks(b);
  const double mean = static_cast<double>(a.size() - 1) / 2;
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
  }
  return xy / std::sqrt(xx * yy);
}

// Every tensor within one bit of a width that is drawn for the plan ("around"), or each any of its
// choices ("any").
Expected<void> Proxy(PlanSpace& plans, const Options& options) {
  for (const bool around : {true, false}) {
    Rng rng(options.run.seed);
    std::vector<double> predicted, measured;
    for (std::size_t i = 0; i < options.proxy; ++i) {
      Assignment assignment;
      const double level = rng.Uniform();
      for (const std::vector<double>& row : plans.losses()) {
        const auto last = static_cast<double>(row.size() - 1);
        const double place = around ? level * last + rng.Uniform(-1, 1) : rng.Uniform() * last;
        assignment.push_back(static_cast<std::size_t>(std::clamp(place, 0.0, last) + 0.5));
      }
      BW_ASSIGN(const Evaluation evaluation, plans.Measure(assignment, Fidelity::kFull));
      predicted.push_back(SummedLoss(plans.losses(), assignment));
      measured.push_back(evaluation.divergence);
    }
    fmt::print(
        "{}: rank correlation of predicted and measured loss over {} random plans ({}): {:.4f}\n",
        options.name, options.proxy,
        around ? "widths within one bit of each plan's own" : "any width for each tensor",
        Spearman(predicted, measured));
  }
  return {};
}

Expected<void> SearchOnce(PlanSpace& plans, const Options& options, const std::string& objective,
                          const Strategy& strategy) {
  const std::size_t at = objective.find('@');
  std::optional<CostTarget> target;
  if (at != std::string::npos) {
    BW_ASSIGN(target, FindTarget(objective.substr(at + 1)));
  }
  BW_ASSIGN(LayerCosts layers,
            LayerCosts::Create(plans.graph(), plans.targets(), target ? &*target : nullptr));
  const auto costs = std::make_shared<const LayerCosts>(std::move(layers));
  BW_ASSIGN(ReadyDemand demand, ReadDemand({objective.substr(0, at), {}, {}}, *costs));
  const SearchSpace space{plans.losses(), MakeCosts(plans, costs, demand.quantities)};
  SearchLimits limits;
  limits.evaluations = static_cast<double>(options.tune.evaluations);
  limits.cheap_share = static_cast<double>(plans.cheap_samples()) /
                       static_cast<double>(plans.search().data().size());
  double drop = 0;
  const auto measure = [&](const Assignment& assignment, Fidelity fidelity) -> Expected<Verdict> {
    BW_ASSIGN(const Evaluation evaluation, plans.Measure(assignment, fidelity));
    BW_ASSIGN(const Evaluator* const evaluator, plans.EvaluatorOf(fidelity));
    return Judge(*evaluator, evaluation, options.tune, fidelity);
  };
  Problem problem(
      space, demand.demand, measure, [&](std::string_view name) { return plans.Fact(name); },
      limits);
  const auto start = std::chrono::steady_clock::now();
  BW_TRY(strategy.run(problem, {}));
  const double seconds = Seconds(start);
  if (!problem.best()) {
    fmt::print("| {} | {} | {} | - | - | - | {:.0f} | {:.1f} |\n", options.name, objective,
               strategy.name, problem.spent(), seconds);
    return {};
  }
  BW_ASSIGN(const Evaluation best, plans.Measure(problem.best()->assignment, Fidelity::kFull));
  drop = Drop(plans.search().float_result(), best);
  const double float_cost = demand.demand.objective(
      std::vector<double>{CostOf(*costs, plans.targets(), {})[demand.quantities[0]].value_or(0)});
  fmt::print("| {} | {} | {} | {:.6g} | {:.3f}x | {:.2f} | {:.0f} | {:.1f} |\n", options.name,
             objective, strategy.name, problem.best()->objective,
             float_cost / problem.best()->objective, drop * 100, problem.spent(), seconds);
  std::fflush(stdout);
  return {};
}

Expected<int> Run(Options& options) {
  const auto start = std::chrono::steady_clock::now();
  options.tune.seed = options.run.seed;
  options.tune.threads = options.run.threads;
  BW_ASSIGN(options.tune.weight_formats, ParseFormatList(options.formats));
  options.tune.activation_formats = options.tune.weight_formats;
  BW_ASSIGN(const Graph graph, LoadNetwork(options.model));
  BW_ASSIGN(const QuantTargets targets, FindTargets(graph));
  BW_ASSIGN(const Dataset data, OpenData(options.data, options.data.data, options.data.labels));
  DataSources sources{data, std::nullopt, std::nullopt};
  if (!options.calibration.empty()) {
    BW_ASSIGN(sources.calibration, OpenData(options.data, options.calibration, ""));
  }
  BW_ASSIGN(const TuneData split, SplitData(sources, options.run.seed));
  BW_ASSIGN(const Metric* metric, ChooseMetric(options.data.metric, split.search));
  TrialMap memo;
  BW_ASSIGN(PlanSpace plans,
            PlanSpace::Create(graph, targets, split, *metric, options.tune, memo, {}));
  fmt::print("{}: candidates and sensitivities in {:.1f} s\n", options.name, Seconds(start));
  for (const std::string& objective : options.objectives) {
    for (const std::string& name : options.strategies) {
      BW_ASSIGN(const Strategy* strategy, FindStrategy(name));
      BW_TRY(SearchOnce(plans, options, objective, *strategy));
    }
  }
  if (options.proxy > 0) BW_TRY(Proxy(plans, options));
  return 0;
}

}  // namespace
}  // namespace bw

int main(int argc, char** argv) {
  bw::Options options;
  CLI::App app("compares search strategies on one network");
  app.add_option("name", options.name, "of the network in the table")->required();
  bw::AddModel(app, options.model);
  bw::AddData(app, options.data, true);
  bw::AddRun(app, options.run);
  app.add_option("--calib", options.calibration);
  app.add_option("--formats", options.formats);
  app.add_option("--objective", options.objectives, "COST or COST@TARGET");
  app.add_option("--strategy", options.strategies, "all without it");
  app.add_option("--evaluations", options.tune.evaluations);
  app.add_option("--max-drop", options.tune.max_drop);
  app.add_option("--proxy", options.proxy, "so many random plans");
  CLI11_PARSE(app, argc, argv);
  if (options.strategies.empty()) {
    options.strategies.emplace_back("pareto");  // first, so that its seconds are its own
    for (const bw::Strategy* strategy : bw::strategies::All()) {
      if (strategy->name != "pareto") options.strategies.emplace_back(strategy->name);
    }
  }
  const bw::Expected<int> code = bw::Run(options);
  if (code) return *code;
  fmt::print(stderr, "strategies_bench: {}\n", code.error().message);
  return static_cast<int>(code.error().kind);
}
