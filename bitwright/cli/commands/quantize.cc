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
#include "bitwright/quant/repair.h"
#include "bitwright/quant/scale_channels.h"
#include "bitwright/quant/self_distillation.h"
#include "bitwright/quant/uniform_plan.h"

namespace bw::commands {
namespace {

constexpr double kReportedConfidence = 0.95;

struct Options {
  std::string model, out, weights = "int8", activations = "int8:asym", scale_method = "mse",
                          activation_scale_method{kScaleByOutput}, plan, calibration,
                          effort = "standard";
  std::vector<std::string> layers, keep_float, without;
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

// The last override that matches a tensor's name wins.
Expected<UniformChoice> Choice(const Options& options, const QuantTargets& targets) {
  BW_ASSIGN(std::vector<Override> overrides, Overrides(options));
  BW_TRY(CheckMatches(overrides, targets));
  UniformChoice choice;
  choice.weight_method = options.scale_method;
  choice.activation_method = options.activation_scale_method;
  choice.spec = [overrides = std::move(overrides), &options](const QuantTarget& target) {
    const bool weight = target.kind == TargetKind::kWeight;
    SpecText text = weight ? SpecText{options.weights, "--weights"}
                           : SpecText{options.activations, "--activations"};
    for (const Override& override : overrides) {
      if (std::regex_search(target.name, override.pattern)) text = {override.spec, override.flag};
    }
    return text;
  };
  return choice;
}

// What the command reads before it decides anything.
struct Inputs {
  Graph graph;
  QuantTargets targets;
  std::optional<Dataset> calibration, fitting, held_out, test;  // the middle ones: HoldOut's parts
};

Expected<void> ReadSamples(const Options& options, Inputs& inputs) {
  if (!options.calibration.empty()) {
    BW_ASSIGN(const Dataset calibration, OpenData(options.data, options.calibration, ""));
    inputs.calibration =
        SplitDataset(calibration, std::vector<double>{1.0}, options.run.seed)[0].First(
            options.calibration_samples);
  }
  if (options.data.data.empty()) return {};
  BW_ASSIGN(inputs.test, OpenData(options.data, options.data.data, options.data.labels));
  if (inputs.calibration) return {};
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
  return {};
}

Expected<Inputs> ReadInputs(const Options& options) {
  Inputs inputs;
  BW_ASSIGN(inputs.graph, LoadNetwork(options.model));
  Expected<QuantTargets> targets = FindTargets(inputs.graph);
  if (!targets) return Context(options.model, targets.error());
  inputs.targets = *std::move(targets);
  BW_TRY(ReadSamples(options, inputs));
  if (!inputs.calibration) return inputs;
  CalibrationParts parts = HoldOut(*inputs.calibration);
  inputs.fitting = std::move(parts.fitting);
  inputs.held_out = std::move(parts.held_out);
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

// The methods that the flags ask for; none where there are no samples or a plan says it all.
Expected<std::vector<const Method*>> Methods(const Options& options, const Inputs& inputs) {
  std::vector<std::string> without = options.without;
  if (options.correct_biases == false) without.push_back("bias_correction");
  BW_ASSIGN(std::vector<const Method*> methods,
            ReadMethods(options.effort, without,
                        options.rounding.value_or(WeightRounding::kCompensated)));
  if (!inputs.calibration) return std::vector<const Method*>();
  if (options.plan.empty()) return methods;
  std::erase_if(methods, [&](const Method* method) {
    const bool biases = method->name == "bias_correction" && options.correct_biases == true;
    return !biases && method->name != "self_distillation";
  });
  return methods;
}

// Self-distillation needs no labels: a metric of classes becomes agreement with the float network.
MethodContext ContextOf(const Options& options, const Inputs& inputs) {
  MethodContext context{inputs.calibration ? &*inputs.calibration : nullptr,
                        &WithoutLabels(options.data.metric), options.run.seed, options.run.threads,
                        TerminalProgress()};
  context.fitting = inputs.fitting ? &*inputs.fitting : nullptr;
  context.held_out = inputs.held_out ? &*inputs.held_out : nullptr;
  return context;
}

// The network of a plan that the user gives, as the plan says.
Expected<Repaired> CarryOut(const Options& options, const Inputs& inputs,
                            const std::vector<const Method*>& methods) {
  BW_ASSIGN(Plan plan, ReadPlan(options, inputs.targets));
  Graph graph = inputs.graph;
  BW_TRY(ScaleChannels(graph, plan.channel_scales));
  const MethodContext context = ContextOf(options, inputs);
  Statistics statistics{std::vector<ActivationStatistics>(inputs.targets.tensors.size()),
                        std::vector<LayerInputs>(inputs.targets.tensors.size())};
  if (inputs.calibration) {
    std::vector<Statistic> needs = NeedsOf(methods);
    if (NeedsLayerInputs(plan)) needs.push_back(Statistic::kLayerInputs);
    BW_ASSIGN(statistics, CollectStatistics(graph, inputs.targets, needs, context));
  }
  return Repair(graph, inputs.targets, std::move(plan), std::move(statistics),
                {methods, Gains::kSkip}, context);
}

// One spec for weights and one for activations, repaired with the effort that is asked for.
Expected<Repaired> Decide(const Options& options, const Inputs& inputs,
                          const std::vector<const Method*>& methods) {
  const MethodContext context = ContextOf(options, inputs);
  Statistics statistics{std::vector<ActivationStatistics>(inputs.targets.tensors.size()),
                        std::vector<LayerInputs>(inputs.targets.tensors.size())};
  if (inputs.calibration) {
    BW_ASSIGN(statistics,
              CollectStatistics(inputs.graph, inputs.targets, NeedsOf(methods), context));
  }
  BW_ASSIGN(const UniformChoice choice, Choice(options, inputs.targets));
  BW_ASSIGN(Plan plan, UniformPlan(inputs.targets, statistics.activations, choice));
  return Repair(inputs.graph, inputs.targets, std::move(plan), std::move(statistics),
                {methods, inputs.calibration ? Gains::kMeasure : Gains::kSkip}, context);
}

Expected<Repaired> MakeQuantized(const Options& options, const Inputs& inputs) {
  BW_ASSIGN(const std::vector<const Method*> methods, Methods(options, inputs));
  if (options.plan.empty()) {
    Expected<Repaired> repaired = Decide(options, inputs, methods);
    return repaired ? std::move(repaired) : Context(options.model, repaired.error());
  }
  Expected<Repaired> repaired = CarryOut(options, inputs, methods);
  if (repaired) return repaired;
  Error error = repaired.error();
  error.kind = ErrorKind::kInput;
  return Context(options.plan, std::move(error));
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
  report.certificate = MakeCertificate(metric, *inputs.test, evaluator.float_result(), result,
                                       kReportedConfidence, std::nullopt);
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
  if (!inputs.calibration && options.plan.empty() && RoundsActivations(options)) {
    return FailUsage(
        "--data: is missing; scales of activations are found from samples (or say --activations "
        "fp32)");
  }
  BW_ASSIGN(Repaired quantized, MakeQuantized(options, inputs));
  Report report;
  report.network = options.model;
  report.split = inputs.calibration
                     ? "Calibration and test samples are disjoint where --data was split by seed."
                     : "No samples were used.";
  if (inputs.test) {
    const auto measured = Measure(options, inputs, *metric, quantized.quantized, report);
    if (!measured) return Context(options.model, measured.error());
  }
  ClearProgress();
  report.layers = LowerToIntegers(quantized.quantized).layers;
  report.gains = std::move(quantized.gains);
  report.gain_layers = std::move(quantized.layers);
  report.sizes = PlanSizes(inputs.targets, quantized.plan);
  const bool calibrated = inputs.calibration.has_value();
  BW_ASSIGN(
      report.tensors,
      TensorReports(
          quantized.graph, quantized.quantized, inputs.targets, quantized.plan,
          calibrated ? quantized.statistics.activations : std::vector<ActivationStatistics>(), {}));
  BW_TRY(WriteNetwork(options.out, quantized.plan, quantized.quantized));
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
  AddEffort(app, options->effort, options->without);
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
