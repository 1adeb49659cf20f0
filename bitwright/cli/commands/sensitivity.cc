#include "bitwright/tune/sensitivity.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bitwright/base/memory.h"
#include "bitwright/base/text.h"
#include "bitwright/cli/command.h"
#include "bitwright/cli/options.h"
#include "bitwright/cli/progress_bar.h"
#include "bitwright/quant/spec_for.h"
#include "bitwright/tune/candidates.h"

namespace bw::commands {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string model, formats = "int2..8,dybit2..8,e2m1,e2m3,e3m2,e4m3fn";
  std::size_t samples = 256, calibration_samples = 512;
  DataOptions data;
  RunOptions run;
  TuneOptions tune;
};

struct Measured {
  std::vector<Candidate> candidates;
  std::size_t samples = 0;
  double seconds = 0;  // of the sweep alone
};

Expected<Measured> Measure(const Options& options, const Graph& graph, const QuantTargets& targets,
                           const Dataset& data) {
  const std::vector<Dataset> parts =
      SplitDataset(data, std::vector<double>{0.2, 0.8}, options.run.seed);
  if (parts[0].size() == 0 || parts[1].size() == 0) {
    return Fail("{}: {} samples are too few, at least 3 are needed", data.origin(), data.size());
  }
  const int threads = options.run.threads;
  BW_ASSIGN(const std::vector<ActivationStatistics> statistics,
            Calibrate(graph, targets, parts[0].First(options.calibration_samples), options.run.seed,
                      threads, TerminalProgress()));
  TuneOptions tune = options.tune;
  tune.threads = threads;
  BW_ASSIGN(auto by_target, EveryCandidate(graph, targets, statistics, tune, TerminalProgress()));
  Measured measured;
  for (std::vector<Candidate>& own : by_target)
    measured.candidates.insert(measured.candidates.end(), own.begin(), own.end());
  const Dataset samples = parts[1].First(options.samples);
  measured.samples = samples.size();
  const auto start = std::chrono::steady_clock::now();
  BW_ASSIGN(Evaluator evaluator,
            Evaluator::Create(graph, samples, WithoutLabels(options.data.metric),
                              {threads, Backend::kFast}, TerminalProgress()));
  BW_TRY(MeasureAlone(graph, targets, evaluator, samples.size(), threads, measured.candidates,
                      TerminalProgress()));
  measured.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return measured;
}

double SqnrDb(const Candidate& candidate) { return -10 * std::log10(candidate.local_error); }

void PrintJson(const Options& options, const Dataset& data, const QuantTargets& targets,
               const Measured& measured) {
  Json json = {{"network", options.model},          {"data", data.origin()},
               {"samples", measured.samples},       {"seconds", measured.seconds},
               {"peak_memory_bytes", PeakMemory()}, {"losses", Json::array()}};
  for (const Candidate& candidate : measured.candidates) {
    const QuantTarget& target = targets.tensors[candidate.target];
    const double sqnr = SqnrDb(candidate);
    json["losses"].push_back(
        {{"tensor", target.name},
         {"kind", target.kind == TargetKind::kWeight ? "weight" : "activation"},
         {"spec", candidate.plan.spec.ToString()},
         {"bits", candidate.plan.spec.element.bits()},
         {"bytes", candidate.bytes},
         {"sqnr_db", std::isfinite(sqnr) ? Json(sqnr) : Json(nullptr)},
         {"loss", candidate.sensitivity}});
  }
  fmt::print("{}\n", json.dump(2));
}

void PrintTable(const QuantTargets& targets, const Measured& measured) {
  fmt::print("{:<40} {:<10} {:<20} {:>10} {:>7} {:>10}\n", "tensor", "kind", "spec", "bytes",
             "SQNR", "loss");
  for (const Candidate& candidate : measured.candidates) {
    const QuantTarget& target = targets.tensors[candidate.target];
    fmt::print("{:<40} {:<10} {:<20} {:>10} {:>7.1f} {:>10.3e}\n", target.name,
               target.kind == TargetKind::kWeight ? "weight" : "activation",
               candidate.plan.spec.ToString(), candidate.bytes, SqnrDb(candidate),
               candidate.sensitivity);
  }
  fmt::print(
      "\n{} losses on {} samples in {}, {} of memory. Loss: divergence of the network's output "
      "from the float network's\n",
      measured.candidates.size(), measured.samples, HumanSeconds(measured.seconds),
      HumanBytes(static_cast<double>(PeakMemory())));
}

Expected<int> Run(Options options) {
  Expected<std::vector<Format>> formats = ParseFormatList(options.formats);
  if (!formats) return FailUsage("--formats: {}", formats.error().message);
  options.tune.weight_formats = options.tune.activation_formats = *std::move(formats);
  BW_TRY(CheckScaleMethod(options.tune.scale_method));
  BW_TRY(CheckScaleMethod(options.tune.activation_scale_method));
  const Expected<QuantSpec> spec = WeightSpec("int8:" + options.tune.weight_scaling, {});
  if (!spec) return FailUsage("--weight-scaling: {}", spec.error().message);
  BW_ASSIGN(const Graph graph, LoadNetwork(options.model));
  const Expected<QuantTargets> targets = FindTargets(graph);
  if (!targets) return Context(options.model, targets.error());
  BW_ASSIGN(const Dataset data, OpenData(options.data, options.data.data, options.data.labels));
  const Expected<Measured> measured = Measure(options, graph, *targets, data);
  ClearProgress();
  if (!measured) return Context(options.model, measured.error());
  if (options.run.json)
    PrintJson(options, data, *targets, *measured);
  else
    PrintTable(*targets, *measured);
  return 0;
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  AddModel(app, options->model);
  AddData(app, options->data, true);
  AddRun(app, options->run);
  app.add_option("--formats", options->formats, "formats to round to: names, ranges, globs");
  app.add_option("--weight-scaling", options->tune.weight_scaling,
                 "grain and scale format of weights, e.g. c:fp16, b32:e8m0");
  AddScaleMethods(app, options->tune.scale_method, options->tune.activation_scale_method);
  app.add_option("--samples", options->samples, "samples that losses are measured on")
      ->check(CLI::PositiveNumber);
  app.add_option("--calibration-samples", options->calibration_samples,
                 "at most so many samples for the ranges of activations")
      ->check(CLI::PositiveNumber);
  return [options] { return Run(*options); };
}

}  // namespace

BW_ENTRY(Command, sensitivity) = {
    "sensitivity", "measures what rounding each tensor alone to each format does to the output",
    Prepare};

}  // namespace bw::commands
