#include <algorithm>
#include <chrono>
#include <cstdio>
#include <regex>

#include "bitwright/base/file.h"
#include "bitwright/base/memory.h"
#include "bitwright/cli/command.h"
#include "bitwright/cli/options.h"
#include "bitwright/cli/output.h"
#include "bitwright/cli/progress_bar.h"
#include "bitwright/quant/bias_correction.h"
#include "bitwright/quant/self_distillation.h"
#include "bitwright/quant/spec_for.h"

namespace bw::commands {
namespace {

struct Options {
  std::string model, out, weights = "int8", activations = "int8:asym", scale_method = "mse",
                          activation_scale_method{kScaleByOutput}, plan, calibration;
  std::vector<std::string> layers, keep_float;
  std::optional<WeightRounding> rounding;  // none: compensated where there are samples
  std::optional<bool> correct_biases;      // none: where no plan says what they are
  std::size_t calibration_samples = 512;
  DataOptions data;
  RunOptions run;
};

// "regex=spec"
struct Override {
  std::regex pattern;
  std::string spec;
  std::string flag;  // as the user wrote it
};

Expected<std::regex> Pattern(const std::string& text, const char* flag) {
  try {
    return std::regex(text);
  } catch (const std::regex_error& error) {
    return FailUsage("{}: '{}' is no regular expression: {}", flag, text, error.what());
  }
}

Expected<std::vector<Override>> Overrides(const Options& options) {
  std::vector<Override> overrides;
  for (const std::string& text : options.layers) {
    const std::size_t equals = text.rfind('=');
    if (equals == std::string::npos) {
      return FailUsage("--layer: '{}' has no '=', REGEX=SPEC is needed, e.g. 'conv1=int4'", text);
    }
    BW_ASSIGN(std::regex pattern, Pattern(text.substr(0, equals), "--layer"));
    overrides.push_back({std::move(pattern), text.substr(equals + 1), "--layer: '" + text + "'"});
  }
  for (const std::string& text : options.keep_float) {
    BW_ASSIGN(std::regex pattern, Pattern(text, "--exclude"));
    overrides.push_back({std::move(pattern), "fp32", "--exclude: '" + text + "'"});
  }
  return overrides;
}

Expected<void> CheckMatches(const std::vector<Override>& overrides, const QuantTargets& targets) {
  for (const Override& override : overrides) {
    const auto matches = [&](const QuantTarget& target) {
      return std::regex_search(target.name, override.pattern);
    };
    if (std::any_of(targets.tensors.begin(), targets.tensors.end(), matches)) continue;
    return FailUsage("{} matches none of the network's {} tensors; 'bitwright info' lists them",
                     override.flag, targets.tensors.size());
  }
  return {};
}

// One spec for weights and one for activations; the last override that matches a tensor's name
// wins.
Expected<Plan> UniformPlan(const Options& options, const QuantTargets& targets,
                           const std::vector<ActivationStatistics>& statistics,
                           WeightRounding rounding) {
  BW_ASSIGN(const std::vector<Override> overrides, Overrides(options));
  BW_TRY(CheckMatches(overrides, targets));
  Plan plan;
  plan.network = Fingerprint(targets);
  for (std::size_t t = 0; t < targets.tensors.size(); ++t) {
    const QuantTarget& target = targets.tensors[t];
    const bool weight = target.kind == TargetKind::kWeight;
    std::string text = weight ? options.weights : options.activations;
    std::string flag = weight ? "--weights" : "--activations";
    for (const Override& override : overrides) {
      if (!std::regex_search(target.name, override.pattern)) continue;
      text = override.spec;
      flag = override.flag;
    }
    if (text == "fp32") continue;
    Expected<QuantSpec> spec =
        weight ? WeightSpec(text, target) : ActivationSpec(text, statistics[t]);
    if (!spec) return FailUsage("{}: {}", flag, spec.error().message);
    if (const auto fits = MakeGrouping(spec->grain, target.shape); weight && !fits) {
      return FailUsage("{}: spec '{}' for '{}': {}", flag, text, target.name, fits.error().message);
    }
    const std::string& method = weight ? options.scale_method : options.activation_scale_method;
    TensorPlan tensor{*std::move(spec), method, std::nullopt};
    if (weight) tensor.rounding = rounding;
    plan.tensors.emplace(target.name, std::move(tensor));
  }
  return plan;
}

// What the command reads before it decides anything.
struct Inputs {
  Graph graph;
  QuantTargets targets;
  std::optional<Dataset> calibration, test;
};

Expected<Inputs> ReadInputs(const Options& options) {
  Inputs inputs;
  BW_ASSIGN(inputs.graph, LoadNetwork(options.model));
  Expected<QuantTargets> targets = FindTargets(inputs.graph);
  if (!targets) return Context(options.model, targets.error());
  inputs.targets = *std::move(targets);
  if (!options.calibration.empty()) {
    BW_ASSIGN(const Dataset calibration, OpenData(options.data, options.calibration, ""));
    inputs.calibration =
        SplitDataset(calibration, std::vector<double>{1.0}, options.run.seed)[0].First(
            options.calibration_samples);
  }
  if (options.data.data.empty()) return inputs;
  BW_ASSIGN(inputs.test, OpenData(options.data, options.data.data, options.data.labels));
  if (inputs.calibration) return inputs;
  const std::vector<Dataset> parts =
      SplitDataset(*inputs.test, std::vector<double>{0.2, 0.8}, options.run.seed);
  if (parts[0].size() == 0 || parts[1].size() == 0) {
    return Fail(
        "{}: {} samples are too few to split into calibration and test, at least 3 are needed; "
        "give more, or --calib",
        inputs.test->origin(), inputs.test->size());
  }
  inputs.calibration = parts[0].First(options.calibration_samples);
  inputs.test = parts[1];
  return inputs;
}

Expected<Plan> ReadPlan(const Options& options, const QuantTargets& targets) {
  BW_ASSIGN(const std::string text, ReadFile(options.plan));
  BW_ASSIGN(Plan plan, PlanFromJson(text, options.plan));
  BW_TRY(CheckPlan(plan, targets, options.plan));
  return plan;
}

bool RoundsActivations(const Options& options) {
  return options.activations != "fp32" || !options.layers.empty();
}

// A plan with every scale in it, and the network under it.
struct Quantized {
  Plan plan;
  Graph graph;
};

// Weights whose layers' inputs cannot be drawn (ConvTranspose); the plan says so.
void RoundRestToNearest(const QuantTargets& targets, const std::vector<LayerInputs>& inputs,
                        Plan& plan) {
  for (std::size_t t = 0; t < targets.tensors.size(); ++t) {
    const auto entry = plan.tensors.find(targets.tensors[t].name);
    if (entry != plan.tensors.end() && inputs[t].empty())
      entry->second.rounding = WeightRounding::kNearest;
  }
}

// Self-distillation needs no labels: a metric of classes becomes agreement with the float network.
Expected<void> DistilScales(const Options& options, const Inputs& inputs,
                            const std::vector<ActivationStatistics>& statistics, Plan& plan) {
  const bool classes = options.data.metric != "auc" && options.data.metric != "sqnr";
  const Metric* metric = FindMetric(classes ? "agreement" : "sqnr");
  BW_ASSIGN(Evaluator evaluator,
            Evaluator::Create(inputs.graph, *inputs.calibration, *metric,
                              {options.run.threads, Backend::kFast, false}, TerminalProgress()));
  return ChooseScalesByOutput(plan, inputs.graph, inputs.targets, statistics, evaluator, 1e12,
                              TerminalProgress());
}

Expected<Quantized> Apply(const Options& options, const Inputs& inputs,
                          const std::vector<ActivationStatistics>& statistics, Plan plan) {
  if (NeedsOutputScales(plan) && inputs.calibration) {
    BW_TRY(DistilScales(options, inputs, statistics, plan));
  }
  BW_TRY(FixScales(plan, inputs.targets, statistics));
  std::vector<LayerInputs> layer_inputs;
  if (NeedsLayerInputs(plan) && inputs.calibration) {
    BW_ASSIGN(layer_inputs,
              CollectLayerInputs(inputs.graph, inputs.targets, *inputs.calibration,
                                 options.run.seed, options.run.threads, TerminalProgress()));
    if (options.plan.empty()) RoundRestToNearest(inputs.targets, layer_inputs, plan);
  }
  BW_ASSIGN(const WeightCodes codes,
            QuantizeWeights(inputs.graph, inputs.targets, plan, layer_inputs, options.run.threads,
                            TerminalProgress()));
  BW_ASSIGN(Graph graph, ApplyPlan(inputs.graph, inputs.targets, plan, codes));
  if (inputs.calibration && options.correct_biases.value_or(options.plan.empty())) {
    BW_ASSIGN(plan.biases, CorrectBiases(graph, inputs.graph, *inputs.calibration,
                                         options.run.threads, 1e12, TerminalProgress()));
    BW_TRY(SetBiases(graph, plan.biases));
  }
  return Quantized{std::move(plan), std::move(graph)};
}

Expected<Quantized> Decide(const Options& options, const Inputs& inputs,
                           const std::vector<ActivationStatistics>& statistics) {
  Plan plan;
  if (options.plan.empty()) {
    const WeightRounding otherwise =
        inputs.calibration ? WeightRounding::kCompensated : WeightRounding::kNearest;
    BW_ASSIGN(plan, UniformPlan(options, inputs.targets, statistics,
                                options.rounding.value_or(otherwise)));
  } else {
    BW_ASSIGN(plan, ReadPlan(options, inputs.targets));
  }
  Expected<Quantized> quantized = Apply(options, inputs, statistics, std::move(plan));
  if (quantized) return quantized;
  Error error = quantized.error();
  if (!options.plan.empty()) error.kind = ErrorKind::kInput;
  return Context(options.plan.empty() ? options.model : options.plan, std::move(error));
}

Expected<void> Measure(const Options& options, const Inputs& inputs, const Metric& metric,
                       const Graph& quantized, Report& report) {
  const RunnerOptions run{options.run.threads, Backend::kFast, false};
  BW_ASSIGN(Evaluator evaluator,
            Evaluator::Create(inputs.graph, *inputs.test, metric, run, TerminalProgress()));
  BW_ASSIGN(const Evaluation result, evaluator.RunGraph(quantized, run, TerminalProgress()));
  report.metric = metric.name;
  report.percent = metric.is_percent;
  report.data = inputs.test->origin();
  report.images = result.images;
  report.float_value = evaluator.float_result().value;
  report.quantized_value = result.value;
  return {};
}

Expected<int> Run(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  BW_TRY(CheckScaleMethod(options.scale_method));
  if (options.activation_scale_method != kScaleByOutput) {
    BW_TRY(CheckScaleMethod(options.activation_scale_method));
  }
  BW_ASSIGN(const Inputs inputs, ReadInputs(options));
  const Metric* metric = nullptr;
  if (inputs.test) {
    BW_ASSIGN(metric, ChooseMetric(options.data.metric, *inputs.test));
  }
  BW_TRY(MakeFolder(options.out));
  std::vector<ActivationStatistics> statistics(inputs.targets.tensors.size());
  if (inputs.calibration) {
    Expected<std::vector<ActivationStatistics>> found =
        Calibrate(inputs.graph, inputs.targets, *inputs.calibration, options.run.seed,
                  options.run.threads, TerminalProgress());
    if (!found) return Context(options.model, found.error());
    statistics = *std::move(found);
  } else if (options.plan.empty() && RoundsActivations(options)) {
    return FailUsage(
        "--data: is missing; scales of activations are found from samples (or say --activations "
        "fp32)");
  }
  BW_ASSIGN(const Quantized quantized, Decide(options, inputs, statistics));
  Report report;
  report.network = options.model;
  report.split = inputs.calibration
                     ? "Calibration and test samples are disjoint where --data was split by seed."
                     : "No samples were used.";
  if (inputs.test) {
    const auto measured = Measure(options, inputs, *metric, quantized.graph, report);
    if (!measured) return Context(options.model, measured.error());
  }
  ClearProgress();
  report.layers = LowerToIntegers(quantized.graph).layers;
  report.sizes = PlanSizes(inputs.targets, quantized.plan);
  const bool calibrated = inputs.calibration.has_value();
  BW_ASSIGN(report.tensors,
            TensorReports(inputs.graph, quantized.graph, inputs.targets, quantized.plan,
                          calibrated ? statistics : std::vector<ActivationStatistics>(), {}));
  BW_TRY(WriteNetwork(options.out, quantized.plan, quantized.graph));
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report.peak_memory_bytes = PeakMemory();
  BW_TRY(WriteReport(options.out, report, options.run.json));
  return 0;
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  AddModel(app, options->model);
  AddData(app, options->data, false);
  AddRun(app, options->run);
  app.add_option("-o,--out", options->out, "folder for model.onnx, plan.json and the report")
      ->required();
  app.add_option("--weights", options->weights,
                 "spec of every weight; the grain is per output channel unless given");
  app.add_option("--activations", options->activations,
                 "spec of every activation; unsigned form where it fits");
  app.add_option("--layer", options->layers,
                 "REGEX=SPEC for tensors whose name matches; the last match wins");
  app.add_option("--exclude", options->keep_float, "REGEX of tensors that stay float32");
  AddScaleMethods(app, options->scale_method, options->activation_scale_method);
  AddRounding(app, [options](WeightRounding rounding) { options->rounding = rounding; });
  AddBiasCorrection(app, [options](bool correct) { options->correct_biases = correct; });
  app.add_option("--calibration-samples", options->calibration_samples,
                 "at most so many samples for calibration");
  app.add_option("--plan", options->plan, "a plan.json instead of --weights and --activations");
  app.add_option("--calib", options->calibration,
                 "separate calibration samples; else a fifth of --data");
  return [options] { return Run(*options); };
}

}  // namespace

BW_ENTRY(Command, quantize) = {
    "quantize", "applies one spec for weights and one for activations, or a plan", Prepare};

}  // namespace bw::commands
