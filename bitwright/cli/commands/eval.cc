#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bitwright/base/memory.h"
#include "bitwright/base/text.h"
#include "bitwright/cli/command.h"
#include "bitwright/cli/options.h"
#include "bitwright/cli/progress_bar.h"
#include "bitwright/data/paired.h"
#include "bitwright/quant/apply.h"
#include "bitwright/quant/evaluate.h"

namespace bw::commands {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string model;
  DataOptions data;
  RunOptions run;
  bool reference = false;
};

// Of a share of samples, at 95 %: exact.
std::optional<Interval> IntervalOf(const Metric& metric, const Evaluation& result) {
  if (!metric.is_percent) return std::nullopt;
  const auto hits = std::count(result.scores.begin(), result.scores.end(), 1.0);
  return ShareInterval(hits, static_cast<std::int64_t>(result.images), 0.95);
}

Json Limits(const std::optional<Interval>& interval) {
  return interval ? Json{interval->low, interval->high} : Json(nullptr);
}

Expected<int> Run(const Options& options) {
  BW_ASSIGN(const Graph graph, LoadNetwork(options.model));
  BW_ASSIGN(const Dataset data, OpenData(options.data, options.data.data, options.data.labels));
  BW_ASSIGN(const Metric* metric, ChooseMetric(options.data.metric, data));
  if (metric->needs_reference) {
    return FailUsage(
        "--metric {}: compares with the float network, which eval runs alone; use quantize or tune",
        metric->name);
  }
  const Backend backend = options.reference ? Backend::kReference : Backend::kFast;
  Expected<Evaluator> evaluator = Evaluator::Create(
      graph, data, *metric, {options.run.threads, backend, false}, TerminalProgress());
  ClearProgress();
  if (!evaluator) return Context(options.model, evaluator.error());
  const Evaluation& result = evaluator->float_result();
  const std::optional<Interval> interval = IntervalOf(*metric, result);
  if (options.run.json) {
    const Json json = {{"network", options.model},         {"data", data.origin()},
                       {"metric", metric->name},           {"value", result.value},
                       {"images", result.images},          {"interval", Limits(interval)},
                       {"peak_memory_bytes", PeakMemory()}};
    fmt::print("{}\n", json.dump(2));
    return 0;
  }
  const std::string value = metric->is_percent ? fmt::format("{:.2f} %", 100 * result.value)
                                               : fmt::format("{:.4f}", result.value);
  const std::string limits = interval ? fmt::format(" (95 % interval {:.2f} to {:.2f} %)",
                                                    100 * interval->low, 100 * interval->high)
                                      : "";
  fmt::print("{} {} on {} samples{}, {} of memory\n", metric->name, value, result.images, limits,
             HumanBytes(static_cast<double>(PeakMemory())));
  return 0;
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  AddModel(app, options->model);
  AddData(app, options->data, true);
  AddRun(app, options->run);
  app.add_flag("--reference", options->reference,
               "run the naive reference kernels instead of the fast ones");
  return [options] { return Run(*options); };
}

}  // namespace

BW_ENTRY(Command, eval) = {"eval", "measures a network's accuracy on labelled data", Prepare};

}  // namespace bw::commands
