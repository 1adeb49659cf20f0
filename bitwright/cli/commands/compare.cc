#include <chrono>
#include <cstdio>
#include <filesystem>

#include "bitwright/base/file.h"
#include "bitwright/cli/command.h"
#include "bitwright/cli/compare_table.h"
#include "bitwright/cli/options.h"
#include "bitwright/cli/progress_bar.h"
#include "bitwright/quant/repair.h"
#include "bitwright/quant/self_distillation.h"
#include "bitwright/quant/uniform_plan.h"

namespace bw::commands {
namespace {

struct Options {
  std::string model, out, calibration, effort = "standard";
  std::vector<std::string> families, budgets, without;
  std::size_t calibration_samples = 512;
  DataOptions data;
  RunOptions run;
};

// Calibration samples never are among those that are measured.
struct Samples {
  Dataset calibration, test;
};

Expected<Samples> ReadSamples(const Options& options) {
  BW_ASSIGN(Dataset test, OpenData(options.data, options.data.data, options.data.labels));
  const std::size_t most = options.calibration_samples;
  if (!options.calibration.empty()) {
    BW_ASSIGN(const Dataset all, OpenData(options.data, options.calibration, ""));
    const Dataset shuffled = SplitDataset(all, std::vector<double>{1.0}, options.run.seed)[0];
    return Samples{shuffled.First(most), std::move(test)};
  }
  const std::vector<Dataset> parts =
      SplitDataset(test, std::vector<double>{0.2, 0.8}, options.run.seed);
  if (parts[0].size() == 0 || parts[1].size() == 0) {
    return Fail("{}: {} samples are too few to split into calibration and test; give --calib",
                test.origin(), test.size());
  }
  return Samples{parts[0].First(most), parts[1]};
}

// Fills in the table cell by cell.
class Comparison {
 public:
  Comparison(const Options& options, const Graph& graph, const QuantTargets& targets,
             const Samples& samples, Evaluator& evaluator, CompareTable& table)
      : options_(options),
        graph_(graph),
        targets_(targets),
        evaluator_(evaluator),
        table_(table),
        parts_(HoldOut(samples.calibration)) {
    context_ = {&samples.calibration,
                &WithoutLabels(options.data.metric),
                options.run.seed,
                options.run.threads,
                {}};
    context_.fitting = &parts_.fitting;
    context_.held_out = &parts_.held_out;
  }

  Expected<void> Run() {
    BW_ASSIGN(const Effort effort, EffortNamed(options_.effort));
    BW_ASSIGN(methods_, MethodsFor(effort, options_.without));
    BW_ASSIGN(statistics_, CollectStatistics(graph_, targets_, NeedsOf(methods_), context_));
    for (std::size_t i = 0; i < table_.rows.size(); ++i) {
      Tell(i);
      BW_TRY(Measure(table_.rows[i]));
    }
    ClearProgress();
    return {};
  }

 private:
  void Tell(std::size_t done) const {
    if (progress_)
      progress_("comparing", static_cast<double>(done) / static_cast<double>(table_.rows.size()));
  }

  Expected<void> Measure(CompareRow& row) {
    if (!row.refusal.empty() || (row.nearest && row.repaired)) return {};
    Expected<CompareResult> nearest = MeasureOne(row.cell, {}, "norm=3");
    if (nearest) row.nearest = *nearest;
    Expected<CompareResult> repaired =
        nearest ? MeasureOne(row.cell, methods_, std::string(kScaleByOutput)) : nearest;
    if (repaired) row.repaired = *repaired;
    if (!repaired) row.refusal = repaired.error().message;
    return Save();
  }

  Expected<CompareResult> MeasureOne(const CompareCell& cell,
                                     const std::vector<const Method*>& methods,
                                     const std::string& activation_method) {
    const auto start = std::chrono::steady_clock::now();
    UniformChoice choice;
    choice.activation_method = activation_method;
    choice.spec = [&](const QuantTarget& target) -> SpecText {
      const bool weight = target.kind == TargetKind::kWeight;
      return {weight ? cell.weights : cell.activations, cell.family};
    };
    BW_ASSIGN(Plan plan, UniformPlan(targets_, statistics_.activations, choice));
    BW_ASSIGN(const Repaired network, Repair(graph_, targets_, std::move(plan), statistics_,
                                             {methods, Gains::kSkip}, context_));
    const RunnerOptions run{options_.run.threads, Backend::kFast, false};
    BW_ASSIGN(const Evaluation found, evaluator_.RunGraph(network.quantized, run));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return CompareResult{found.value, found.divergence, took.count()};
  }

  // After every cell: what is known is not lost.
  Expected<void> Save() const {
    BW_TRY(WriteFile(options_.out + "/compare.json", CompareJson(table_)));
    BW_TRY(WriteFile(options_.out + "/compare.csv", CompareCsv(table_)));
    BW_TRY(WriteFile(options_.out + "/compare.svg", CompareSvg(table_)));
    return WriteFile(options_.out + "/compare.md", CompareMarkdown(table_));
  }

  const Options& options_;
  const Graph& graph_;
  const QuantTargets& targets_;
  Evaluator& evaluator_;
  CompareTable& table_;
  CalibrationParts parts_;
  MethodContext context_;
  std::vector<const Method*> methods_;
  Statistics statistics_;
  Progress progress_ = TerminalProgress();
};

Expected<CompareTable> MakeTable(const Options& options, const Samples& samples,
                                 const Metric& metric, const Evaluation& reference) {
  CompareTable table;
  table.network = options.model;
  table.data = samples.test.origin();
  table.metric = metric.name;
  table.percent = metric.is_percent;
  table.effort = options.effort;
  for (const std::string& method : options.without) table.effort += " without " + method;
  table.float_value = reference.value;
  table.images = reference.images;
  table.calibration = samples.calibration.size();
  BW_ASSIGN(const std::vector<CompareCell> cells, CompareCells(options.families, options.budgets));
  for (const CompareCell& cell : cells) table.rows.push_back({cell, {}, {}, ""});
  const std::string state = options.out + "/compare.json";
  if (!std::filesystem::exists(state)) return table;
  BW_ASSIGN(const std::string text, ReadFile(state));
  BW_TRY(TakeOver(text, state, table));
  return table;
}

Expected<int> Run(const Options& options) {
  BW_TRY(CompareCells(options.families, options.budgets));
  BW_TRY(EffortNamed(options.effort));
  BW_ASSIGN(const Graph graph, LoadNetwork(options.model));
  Expected<QuantTargets> targets = FindTargets(graph);
  if (!targets) return Context(options.model, targets.error());
  BW_ASSIGN(const Samples samples, ReadSamples(options));
  BW_ASSIGN(const Metric* metric, ChooseMetric(options.data.metric, samples.test));
  BW_TRY(MakeFolder(options.out));
  Expected<Evaluator> evaluator =
      Evaluator::Create(graph, samples.test, *metric, {options.run.threads, Backend::kFast, false},
                        TerminalProgress());
  if (!evaluator) return Context(options.model, evaluator.error());
  BW_ASSIGN(CompareTable table, MakeTable(options, samples, *metric, evaluator->float_result()));
  const Expected<void> done =
      Comparison(options, graph, *targets, samples, *evaluator, table).Run();
  if (!done) return Context(options.model, done.error());
  if (options.run.json) {
    fmt::print("{}", CompareJson(table));
  } else {
    fmt::print("{}\nresults in {}: compare.json compare.csv compare.md compare.svg\n",
               CompareMarkdown(table), options.out);
  }
  return 0;
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  AddModel(app, options->model);
  AddData(app, options->data, true);
  AddRun(app, options->run);
  app.add_option("-o,--out", options->out,
                 "folder for the table and the plot; an unfinished comparison goes on")
      ->required();
  app.add_option("--calib", options->calibration,
                 "separate calibration samples; else a fifth of --data");
  app.add_option("--calibration-samples", options->calibration_samples,
                 "at most so many samples for calibration");
  app.add_option("--families", options->families, "int,po2,...; all unless given")->delimiter(',');
  app.add_option("--budgets", options->budgets, "W8A8,W4A4,...; bits of weights and activations")
      ->delimiter(',');
  app.add_option("--effort", options->effort, "fast | standard | best: of the repair");
  app.add_option("--without", options->without, "a method to leave out; may be repeated");
  return [options] { return Run(*options); };
}

}  // namespace

BW_ENTRY(Command, compare) = {
    "compare",
    "one network in every format family under the same bit budgets, as a table and a plot",
    Prepare};

}  // namespace bw::commands
