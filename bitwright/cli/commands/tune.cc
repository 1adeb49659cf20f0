#include <fmt/ranges.h>

#include <chrono>
#include <cstdio>
#include <limits>

#include "bitwright/base/file.h"
#include "bitwright/base/memory.h"
#include "bitwright/base/text.h"
#include "bitwright/cli/command.h"
#include "bitwright/cli/options.h"
#include "bitwright/cli/output.h"
#include "bitwright/cli/progress_bar.h"
#include "bitwright/cli/session.h"
#include "bitwright/quant/spec_for.h"

namespace bw::commands {
namespace {

constexpr const char* kDefaultFormats = "int2..8,dybit2..8,esb*,e2m1,e2m3,e3m2,e4m3fn";

struct Options {
  std::string model, out, max_drop = "1%", formats = kDefaultFormats, weight_formats,
                          activation_formats, budget = "5m";
  std::string calibration, test, test_labels, target;
  std::string effort = "standard";
  std::vector<std::string> parameters, without;
  WeightRounding rounding = WeightRounding::kCompensated;
  bool correct_biases = true;
  DataOptions data;
  RunOptions run;
  TuneOptions tune;
  SessionOptions session;
  const CLI::App* line = nullptr;
};

// "1%" -> 0.01, "0.01" -> 0.01
Expected<double> ParseDrop(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const bool percent = std::string_view(end) == "%";
  if (end == text.c_str() || (*end != '\0' && !percent) || !(value >= 0)) {
    return FailUsage("--max-drop: '{}' is no amount; give points of the metric like 1% or 0.01",
                     text);
  }
  return percent ? value / 100 : value;
}

Expected<std::vector<Format>> ParseFormats(const std::string& list, const char* flag) {
  Expected<std::vector<Format>> formats = ParseFormatList(list);
  if (!formats) return FailUsage("{}: {}", flag, formats.error().message);
  return formats;
}

// What cannot be asked for together.
Expected<void> CheckDemand(const Options& options) {
  const bool confidence = !options.session.confidence.empty();
  const bool judged = !options.session.judge.command.empty();
  if (confidence && options.tune.margin)
    return FailUsage("--margin: is what --confidence stands in place of; give one of the two");
  if (confidence && judged) {
    return FailUsage(
        "--confidence: needs the answers for single samples, and the judge of --evaluate gives one "
        "number; give one of the two");
  }
  if (judged && (options.max_drop.empty() || options.max_drop.ends_with('%'))) {
    return FailUsage(
        "--max-drop: '{}' with --evaluate; a number in the judge's own unit is needed, like 0.01",
        options.max_drop);
  }
  return {};
}

Expected<std::vector<const Method*>> Methods(const Options& options) {
  std::vector<std::string> without = options.without;
  if (!options.correct_biases) without.push_back("bias_correction");
  return ReadMethods(options.effort, without, options.rounding);
}

Expected<TuneOptions> Finish(const Options& options) {
  TuneOptions tune = options.tune;
  tune.seed = options.run.seed;
  tune.threads = options.run.threads;
  BW_ASSIGN(tune.max_drop, ParseDrop(options.max_drop));
  BW_ASSIGN(const Budget budget, ParseBudget(options.budget));
  tune.budget_seconds = budget.seconds.value_or(std::numeric_limits<double>::infinity());
  tune.evaluations = budget.evaluations.value_or(tune.evaluations);
  BW_TRY(CheckDemand(options));
  if (!options.session.confidence.empty()) {
    BW_ASSIGN(tune.confidence, ParseConfidence(options.session.confidence));
  }
  BW_ASSIGN(tune.methods, Methods(options));
  tune.judged = !options.session.judge.command.empty();
  const auto formats = [&](const std::string& own, const char* flag) {
    return own.empty() ? ParseFormats(options.formats, "--formats") : ParseFormats(own, flag);
  };
  BW_ASSIGN(tune.weight_formats, formats(options.weight_formats, "--weight-formats"));
  BW_ASSIGN(tune.activation_formats, formats(options.activation_formats, "--activation-formats"));
  BW_ASSIGN(const Strategy* strategy, FindStrategy(tune.strategy));
  for (const std::string& text : options.parameters) {
    BW_ASSIGN(auto parameter, ParseStrategyParameter(*strategy, text));
    tune.strategy_parameters.insert(std::move(parameter));
  }
  if (!options.target.empty()) {
    Expected<CostTarget> target = FindTarget(options.target);
    if (!target) return Context("--target", target.error());
    tune.target = *std::move(target);
  }
  BW_TRY(CheckScaleMethod(tune.scale_method));
  BW_TRY(CheckScaleMethod(tune.activation_scale_method));
  const Expected<QuantSpec> spec = WeightSpec("int8:" + tune.weight_scaling, {});
  if (!spec) return FailUsage("--weight-scaling: {}", spec.error().message);
  return tune;
}

Expected<TuneData> ReadData(const Options& options) {
  BW_ASSIGN(const Dataset data, OpenData(options.data, options.data.data, options.data.labels));
  DataSources sources{data, std::nullopt, std::nullopt};
  if (!options.calibration.empty()) {
    BW_ASSIGN(sources.calibration, OpenData(options.data, options.calibration, ""));
  }
  if (!options.test.empty()) {
    BW_ASSIGN(sources.test, OpenData(options.data, options.test, options.test_labels));
  }
  return SplitData(sources, options.run.seed);
}

// The splits, and what the drop on the test split says of unseen samples; or the judge.
void Prove(const Options& options, const TuneData& data, const Metric& metric,
           const TuneOptions& tune, const TuneResult& result, const TuneSession& session,
           Report& report) {
  const SplitContents& contents = session.contents();
  const std::size_t calibration = std::min(data.calibration.size(), tune.calibration_samples);
  report.splits = {calibration, data.search.size(), data.test.size(),
                   contents.search_in_calibration, contents.test_in_others};
  report.split = fmt::format(
      "Splits: {} samples for calibration, {} for the search, {} for the test; seed {}; {} of the "
      "test samples stand in the others too.",
      calibration, data.search.size(), data.test.size(), tune.seed, contents.test_in_others);
  report.interrupted = session.interrupted();
  if (const JudgeProgram* judge = session.judge()) {
    report.judge = {options.session.judge.command, judge->runs(), judge->faults()};
    report.metric = "judge";
    report.percent = false;
    return;
  }
  report.confidence_demanded = tune.confidence.has_value();
  report.search_upper_limit = result.search_upper_limit;
  report.certificate = MakeCertificate(metric, data.test, result.float_test, result.quantized_test,
                                       tune.confidence.value_or(0.95), result.max_drop);
}

Expected<Report> MakeReport(const Options& options, const QuantTargets& targets,
                            const TuneData& data, const Metric& metric, const TuneOptions& tune,
                            const TuneResult& result, const TuneSession& session) {
  Report report;
  report.network = options.model;
  report.data = data.test.origin();
  report.metric = metric.name;
  report.percent = metric.is_percent;
  report.float_value = result.float_test.value;
  report.quantized_value = result.quantized_test.value;
  report.images = result.float_test.images;
  Prove(options, data, metric, tune, result, session, report);
  report.max_drop = result.max_drop;
  report.search_drop = result.search_drop;
  report.layers = LowerToIntegers(result.quantized).layers;
  report.sizes = PlanSizes(targets, result.plan);
  BW_ASSIGN(report.tensors, TensorReports(result.graph, result.quantized, targets, result.plan,
                                          result.statistics, result.chosen));
  return report;
}

// The exit code, and why it is not 0.
int ExitCode(const Report& report, const TuneOptions& tune, const TuneResult& result) {
  const bool certified =
      !tune.confidence || (report.certificate && report.certificate->certified());
  const bool kept = certified && (tune.confidence || report.drop() <= result.max_drop);
  if (result.feasible && kept) return 0;
  if (result.feasible && !certified && report.certificate) {
    fmt::print(
        stderr,
        "bitwright: not certified: at {:g} % confidence the drop is at most {:.4f} on the "
        "test split, {:.4f} is allowed; give more data, a smaller --max-drop for the search, "
        "or a lower --confidence\n",
        100 * *tune.confidence, report.certificate->upper_limit, result.max_drop);
    return static_cast<int>(ErrorKind::kConstraint);
  }
  if (!result.conflict.empty()) {
    fmt::print(stderr, "bitwright: {}\n", result.conflict);
    return static_cast<int>(ErrorKind::kConstraint);
  }
  fmt::print(stderr, "bitwright: the drop is {:.4f} on the {} split, {:.4f} is allowed; {}\n",
             result.feasible ? report.drop() : result.search_drop,
             result.feasible ? "test" : "search", result.max_drop,
             result.feasible ? "give more data or a smaller --max-drop"
                             : "add wider formats to --formats");
  return static_cast<int>(ErrorKind::kConstraint);
}

Expected<int> Run(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  BW_ASSIGN(const TuneOptions tune, Finish(options));
  BW_ASSIGN(const Graph graph, LoadNetwork(options.model));
  const Expected<QuantTargets> targets = FindTargets(graph);
  if (!targets) return Context(options.model, targets.error());
  BW_ASSIGN(const TuneData data, ReadData(options));
  BW_ASSIGN(const Metric* metric, ChooseMetric(options.data.metric, data.search));
  BW_TRY(MakeFolder(options.out));
  BW_ASSIGN(const std::unique_ptr<TuneSession> session,
            TuneSession::Start(options.session, options.out, SettingsText(*options.line), graph,
                               data, *metric, tune));
  const auto save = [&](const Plan& plan, const Graph& quantized) -> Expected<void> {
    BW_TRY(WriteNetwork(options.out, plan, quantized));
    session->Saved();
    return {};
  };
  const Expected<TuneResult> result =
      Tune(graph, *targets, data, *metric, tune, save, TerminalProgress(), session->hooks());
  ClearProgress();
  if (!result) return Context(options.model, result.error());
  BW_TRY(WriteNetwork(options.out, result->plan, result->quantized));
  if (session->judge() == nullptr) BW_TRY(WriteFront(options.out, result->front));
  BW_ASSIGN(Report report, MakeReport(options, *targets, data, *metric, tune, *result, *session));
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report.peak_memory_bytes = PeakMemory();
  BW_TRY(WriteReport(options.out, report, options.run.json));
  return ExitCode(report, tune, *result);
}

std::string StrategyNames() {
  std::vector<std::string_view> names;
  for (const Strategy* strategy : strategies::All()) names.push_back(strategy->name);
  return fmt::format("{}", fmt::join(names, " | "));
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  TuneOptions& tune = options->tune;
  AddModel(app, options->model);
  AddData(app, options->data, true);
  AddRun(app, options->run);
  AddSession(app, options->session);
  options->line = &app;
  app.add_option("-o,--out", options->out, "folder for model.onnx, plan.json and the report")
      ->required();
  app.add_option("--max-drop", options->max_drop, "allowed loss of the metric: 1% or 0.01");
  app.add_option("--formats", options->formats, "formats to choose among: names, ranges, globs");
  app.add_option("--weight-formats", options->weight_formats, "the same for weights alone");
  app.add_option("--activation-formats", options->activation_formats,
                 "the same for activations alone");
  app.add_option("--weight-scaling", tune.weight_scaling,
                 "grain and scale format of weights, e.g. c:fp16, b32:e8m0");
  AddScaleMethods(app, tune.scale_method, tune.activation_scale_method);
  AddBiasCorrection(app, [options](bool correct) { options->correct_biases = correct; });
  AddRounding(app, [options](WeightRounding rounding) { options->rounding = rounding; });
  AddEffort(app, options->effort, options->without);
  app.add_option("--minimize", tune.demand.minimize,
                 "bytes | weight_bytes | activation_bytes | peak_bytes | bit_ops | latency_ns | "
                 "energy_pj | luts | dsps | brams, or an expression over these and their float32 "
                 "values (float_bytes); total | weights | activations mean the bytes of these");
  app.add_option("--subject-to", tune.demand.subject_to,
                 "what must hold too: bytes<=100k, luts<50000, drop<=1%; any number of them");
  app.add_option("--target", options->target,
                 "the chip that --minimize and --subject-to speak of: a name that 'bitwright "
                 "targets' lists, or a .json file");
  app.add_option("--strategy", tune.strategy,
                 "how to search: " + StrategyNames() + "; docs/search.md");
  app.add_option("--parameter", options->parameters, "a strategy's parameter, like alpha=2.5");
  app.add_option("--margin", tune.margin,
                 "standard errors of the drop kept in reserve for unseen samples; by default 1 for "
                 "classifiers, 4 for other metrics")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--budget", options->budget,
                 "time: 90s, 5m, 1h; or whole plans: 200evals; or both: 5m,200evals. The best plan "
                 "so far is always on disk");
  app.add_option("--evaluations", tune.evaluations, "at most so many measurements of whole plans")
      ->check(CLI::PositiveNumber);
  app.add_option("--sensitivity-samples", tune.sensitivity_samples,
                 "samples of the sensitivity sweep; 0: by size")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--calibration-samples", tune.calibration_samples,
                 "at most so many samples for calibration")
      ->check(CLI::PositiveNumber);
  app.add_option("--calib", options->calibration, "separate calibration samples");
  app.add_option("--test", options->test, "separate test samples");
  app.add_option("--test-labels", options->test_labels, "labels of --test");
  app.add_flag("--force", tune.force, "go on although the float accuracy is implausible");
  return [options] { return Run(*options); };
}

}  // namespace

BW_ENTRY(Command, tune) = {
    "tune", "chooses a format and scale for every tensor, the smallest that keep the accuracy",
    Prepare};

}  // namespace bw::commands
