#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "bitwright/base/file.h"
#include "bitwright/base/parallel.h"
#include "bitwright/base/rng.h"
#include "bitwright/base/text.h"
#include "bitwright/cli/command.h"
#include "bitwright/cli/options.h"
#include "bitwright/quant/apply.h"
#include "bitwright/runtime/channels_last.h"
#include "bitwright/runtime/executor.h"
#include "bitwright/runtime/isa.h"
#include "bitwright/runtime/lower.h"
#include "bitwright/runtime/machine.h"

namespace bw::commands {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string model, plan;
  std::vector<std::int64_t> batches = {1, 32};
  double seconds = 1;
  int threads = 0;
  bool json = false, measure_peaks = false;
};

// One batch size.
struct Timing {
  std::int64_t batch = 1;
  double latency = 0;     // seconds of one run on one thread, median
  double throughput = 0;  // rows a second, all threads
  std::vector<Executor::NodeTime> nodes;
  double runs = 0;  // that the nodes' times are sums over
};

int ThreadCount(int threads) { return threads == 0 ? DefaultThreads() : threads; }

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// On integers where a plan allows it, and as it runs.
Lowered Ready(Lowered network) {
  network.graph = ToChannelsLast(network.graph);
  return network;
}

Expected<Lowered> Network(const Options& options) {
  BW_ASSIGN(Graph graph, LoadNetwork(options.model));
  if (options.plan.empty()) return Ready({std::move(graph), {}});
  Expected<QuantTargets> targets = FindTargets(graph);
  if (!targets) return Context(options.model, targets.error());
  BW_ASSIGN(const std::string text, ReadFile(options.plan));
  BW_ASSIGN(Plan plan, PlanFromJson(text, options.plan));
  BW_TRY(CheckPlan(plan, *targets, options.plan));
  // The elements do not matter to the speed: no samples are needed.
  for (auto& [unused, tensor] : plan.tensors) {
    if (!tensor.HasCodes()) tensor.rounding = WeightRounding::kNearest;
  }
  Expected<Graph> quantized = ApplyPlan(graph, *targets, plan);
  if (!quantized) return Context(options.plan, quantized.error());
  return Ready(LowerToIntegers(*quantized));
}

Expected<Tensor> Input(const Graph& graph, std::int64_t batch) {
  if (graph.inputs.size() != 1) {
    return Fail("the network has {} inputs, bench runs networks of one", graph.inputs.size());
  }
  const TensorType& type = graph.value(graph.inputs[0]).type;
  Shape shape = type.shape;
  if (shape.empty() || type.dtype != DType::kFloat32) {
    return Fail("input is {} {}, float32 with a batch is needed", DTypeName(type.dtype),
                ShapeText(shape));
  }
  if (shape[0] < 0) shape[0] = batch;
  for (std::size_t i = 1; i < shape.size(); ++i) {
    if (shape[i] < 0)
      return Fail("input is {}, extents after the batch must be known", ShapeText(shape));
  }
  Tensor input(DType::kFloat32, shape);
  Rng rng(1);
  for (float& x : input.span<float>()) x = static_cast<float>(rng.Uniform(0, 1));
  return input;
}

Expected<std::vector<Executor>> MakeExecutors(const Graph& graph, const Tensor& input,
                                              int threads) {
  std::vector<Executor> executors;
  for (int t = 0; t < ThreadCount(threads); ++t) {
    BW_ASSIGN(Executor executor,
              Executor::Create(graph, {input.shape()}, {.batch = Batch::kSliced}));
    executors.push_back(std::move(executor));
    executors.back().Run(std::vector<ConstTensorRef>{input});  // warm
  }
  return executors;
}

double MedianLatency(Executor& executor, const Tensor& input, double seconds) {
  std::vector<double> times;
  const double end = Now() + seconds;
  while (times.size() < 5 || Now() < end) {
    const double start = Now();
    executor.Run(std::vector<ConstTensorRef>{input});
    times.push_back(Now() - start);
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                   times.end());
  return times[times.size() / 2];
}

// Every thread runs the same number of batches, in several rounds; the median round counts.
double Throughput(std::vector<Executor>& executors, const Tensor& input, double latency,
                  double seconds) {
  constexpr int kRounds = 5;
  const auto runs = static_cast<std::size_t>(std::max(1.0, seconds / kRounds / latency));
  std::vector<double> rates;
  for (int round = 0; round < kRounds; ++round) {
    const double start = Now();
    ParallelFor(executors.size(), static_cast<int>(executors.size()), [&](std::size_t t, int) {
      for (std::size_t r = 0; r < runs; ++r) executors[t].Run(std::vector<ConstTensorRef>{input});
    });
    const double rows =
        static_cast<double>(runs * executors.size()) * static_cast<double>(input.shape()[0]);
    rates.push_back(rows / (Now() - start));
  }
  std::sort(rates.begin(), rates.end());
  return rates[kRounds / 2];
}

Expected<Timing> Time(const Graph& graph, std::int64_t batch, const Options& options) {
  BW_ASSIGN(const Tensor input, Input(graph, batch));
  BW_ASSIGN(std::vector<Executor> executors, MakeExecutors(graph, input, options.threads));
  Timing timing;
  timing.batch = input.shape()[0];
  timing.latency = MedianLatency(executors[0], input, options.seconds);
  timing.throughput = Throughput(executors, input, timing.latency, options.seconds);
  executors[0].StartProfile();
  timing.runs = std::max(1.0, std::floor(options.seconds / timing.latency / 2));
  for (double r = 0; r < timing.runs; ++r) executors[0].Run(std::vector<ConstTensorRef>{input});
  timing.nodes = executors[0].Profile();
  return timing;
}

struct NodeFigures {
  std::string name, op, path;
  std::string reason;             // for float32 in a quantized network
  double seconds = 0, gmacs = 0;  // of one run; 10^9 multiply-accumulates a second
  double gbytes = 0;              // 10^9 bytes a second, inputs and outputs
  // Of the peak of its path; of the copying speed in the second cache where it multiplies nothing.
  double fraction = 0;
};

double PeakOf(LayerPath path, const MachinePeaks& peaks) {
  switch (path) {
    case LayerPath::kInt8:
    case LayerPath::kSplitInt8:
      return peaks.int8;
    case LayerPath::kBf16:
      return peaks.bf16 > 0 ? peaks.bf16 : peaks.float32;
    case LayerPath::kFloat32:
      break;
  }
  return peaks.float32;
}

double Bytes(const std::vector<TensorType>& types) {
  double bytes = 0;
  for (const TensorType& type : types) {
    bytes +=
        static_cast<double>(ElementCount(type.shape)) * static_cast<double>(DTypeBytes(type.dtype));
  }
  return bytes;
}

Expected<std::vector<NodeFigures>> Figures(const Lowered& network, const Timing& timing,
                                           const MachinePeaks& peaks) {
  const Graph& graph = network.graph;
  BW_ASSIGN(const Tensor input, Input(graph, timing.batch));
  BW_ASSIGN(const InferredTypes types, InferTypes(graph, {input.shape()}));
  const auto type = [&](ValueId id) {
    return id == kNoValue ? TensorType{} : types.types[static_cast<std::size_t>(id)];
  };
  std::vector<NodeFigures> all;
  for (const Executor::NodeTime& time : timing.nodes) {
    const OpDef& op = *time.node->op;
    NodeFigures figures;
    figures.name = time.node->name;
    figures.op = op.name;
    figures.seconds = time.seconds / timing.runs;
    std::vector<TensorType> inputs, outputs;
    for (const ValueId id : time.node->inputs) inputs.push_back(type(id));
    for (const ValueId id : time.node->outputs) outputs.push_back(type(id));
    figures.gbytes = (Bytes(inputs) + Bytes(outputs)) / figures.seconds * 1e-9;
    figures.fraction = figures.gbytes / peaks.copy_bytes;
    if (op.macs != nullptr) {
      const auto known = network.layers.find(time.node->name);
      // The later parts of a layer that was split have names of their own.
      const bool part = op.name == "IntegerConv";
      LayerArithmetic layer{part ? LayerPath::kInt8 : LayerPath::kFloat32, {}};
      if (known != network.layers.end()) layer = known->second;
      figures.path = PathName(layer.path);
      figures.reason = layer.reason;
      figures.gmacs =
          static_cast<double>(op.macs(*time.node, inputs, outputs)) / figures.seconds * 1e-9;
      figures.fraction = figures.gmacs / PeakOf(layer.path, peaks);
    }
    all.push_back(std::move(figures));
  }
  return all;
}

Json ToJson(const Timing& timing, const std::vector<NodeFigures>& figures) {
  Json layers = Json::array();
  for (const NodeFigures& f : figures) {
    layers.push_back({{"name", f.name},
                      {"op", f.op},
                      {"path", f.path},
                      {"ms", f.seconds * 1e3},
                      {"gmacs", f.gmacs},
                      {"gbytes", f.gbytes},
                      {"of_peak", f.fraction}});
    if (!f.reason.empty()) layers.back()["reason"] = f.reason;
  }
  return {{"batch", timing.batch},
          {"latency_ms", timing.latency * 1e3},
          {"rows_per_second", timing.throughput},
          {"layers", layers}};
}

void Print(const Timing& timing, const std::vector<NodeFigures>& figures) {
  fmt::print("\nbatch {}: {:.3f} ms on one thread, {:.1f} rows/s on all\n", timing.batch,
             timing.latency * 1e3, timing.throughput);
  double total = 0;
  for (const NodeFigures& f : figures) total += f.seconds;
  fmt::print("{:<40} {:<14} {:<10} {:>9} {:>6} {:>8} {:>7} {:>8}\n", "node", "op", "path", "ms",
             "%", "GMAC/s", "GB/s", "of peak");
  for (const NodeFigures& f : figures) {
    const std::string speed = f.gmacs > 0 ? fmt::format("{:.1f}", f.gmacs) : "";
    fmt::print("{:<40} {:<14} {:<10} {:>9.4f} {:>6.1f} {:>8} {:>7.1f} {:>7.0f}%\n", f.name, f.op,
               f.path, f.seconds * 1e3, 100 * f.seconds / total, speed, f.gbytes, 100 * f.fraction);
  }
}

// Why layers of a quantized network run in float32.
void PrintReasons(const Lowered& network) {
  std::map<std::string, std::vector<std::string>> nodes;
  for (const auto& [name, layer] : network.layers) {
    if (!layer.reason.empty()) nodes[layer.reason].push_back(name);
  }
  for (const auto& [reason, names] : nodes)
    fmt::print("float32 in {}: {}\n", fmt::join(names, ", "), reason);
}

Expected<int> Run(const Options& options) {
  BW_ASSIGN(const Lowered network, Network(options));
  BW_TRY(ObeyIsa());
  const MachinePeaks peaks = options.measure_peaks ? MeasurePeaks() : KnownPeaks(PeaksFile());
  Json json = {{"network", options.model},
               {"cpu", peaks.cpu},
               {"isa", peaks.isa},
               {"peaks",
                {{"float32_gmacs", peaks.float32},
                 {"bf16_gmacs", peaks.bf16},
                 {"int8_gmacs", peaks.int8},
                 {"copy_gb_s", peaks.copy_bytes},
                 {"memory_gb_s", peaks.memory_bytes}}},
               {"threads", ThreadCount(options.threads)}};
  if (!options.json) {
    fmt::print(
        "{}, {}\none thread's peaks: float32 {:.0f} GMAC/s, bf16 {:.0f}, int8 {:.0f}, copying in "
        "the second cache {:.0f} GB/s, in memory {:.0f}; {} threads\n",
        peaks.cpu, peaks.isa, peaks.float32, peaks.bf16, peaks.int8, peaks.copy_bytes,
        peaks.memory_bytes, ThreadCount(options.threads));
    PrintReasons(network);
  }
  for (const std::int64_t batch : options.batches) {
    Expected<Timing> timing = Time(network.graph, batch, options);
    if (!timing) return Context(options.model, timing.error());
    BW_ASSIGN(const std::vector<NodeFigures> figures, Figures(network, *timing, peaks));
    if (options.json)
      json["batches"].push_back(ToJson(*timing, figures));
    else
      Print(*timing, figures);
  }
  if (options.json) fmt::print("{}\n", json.dump(2));
  return 0;
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  AddModel(app, options->model);
  app.add_option("--plan", options->plan, "run the network under a plan.json");
  app.add_option("--batch", options->batches, "batch sizes, e.g. 1,32")
      ->delimiter(',')
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 16));
  app.add_option("--seconds", options->seconds, "time for each measurement (1)")
      ->check(CLI::Range(0.01, 600.0));
  app.add_option("--threads", options->threads, "0: all cores")->check(CLI::Range(0, 1024));
  app.add_flag("--measure-peaks", options->measure_peaks, "do not use the machine's kept peaks");
  app.add_flag("--json", options->json, "print as JSON");
  return [options] { return Run(*options); };
}

}  // namespace

BW_ENTRY(Command, bench) = {"bench", "latency and throughput, layer by layer and whole", Prepare};

}  // namespace bw::commands
