// The cost model `host` against the machine: random plans of a network, latency predicted from the
// times of layers measured alone against the time of whole runs.
//
// usage: host_bench <plans> <network.onnx>...

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "bitwright/base/rng.h"
#include "bitwright/cost/cost.h"
#include "bitwright/onnx/import.h"
#include "bitwright/quant/apply.h"
#include "bitwright/quant/pass.h"
#include "bitwright/quant/spec_for.h"
#include "bitwright/runtime/executor.h"
#include "bitwright/runtime/lower.h"

namespace bw::bench {
namespace {

constexpr const char* kWeights[] = {"int8", "int4", "int4:b32", "dybit4", "e4m3fn"};
constexpr const char* kActivations[] = {"uint8", "uint4", "dybit5", "e4m3fn"};
constexpr int kRounds = 60;
constexpr double kUndisturbed = 0.1;  // this part of the runs is faster: others share the machine

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// How much of a plan is bytes and how much float32 differs from plan to plan, so that they differ
// in speed.
Plan RandomPlan(const QuantTargets& targets, Rng& rng) {
  Plan plan;
  plan.network = Fingerprint(targets);
  const double bytes = rng.Uniform(0, 1), floats = rng.Uniform(0, 0.5);
  for (const QuantTarget& target : targets.tensors) {
    const bool weight = target.kind == TargetKind::kWeight;
    if (rng.Uniform(0, 1) < floats) continue;
    const std::size_t pick = rng.Uniform(0, 1) < bytes ? 0
                             : weight                  ? rng.Below(std::size(kWeights))
                                                       : rng.Below(std::size(kActivations));
    QuantSpec spec = weight ? WeightSpec(kWeights[pick], target).value()
                            : QuantSpec::Parse(kActivations[pick]).value();
    TensorPlan tensor{std::move(spec), "max", std::nullopt};
    if (!weight) tensor.fixed = FixedScale{0.05F, 0, tensor.spec.ToString()};
    plan.tensors.emplace(target.name, std::move(tensor));
  }
  return plan;
}

struct Run {
  std::unique_ptr<Graph> graph;
  std::unique_ptr<Executor> executor;
  std::vector<double> seconds;
  double predicted = 0;
};

Expected<Run> MakeRun(const Graph& graph, const QuantTargets& targets, const Plan& plan,
                      const std::vector<Shape>& shapes) {
  Run run;
  BW_ASSIGN(const Graph quantized, ApplyPlan(graph, targets, plan));
  run.graph = std::make_unique<Graph>(LowerToIntegers(quantized).graph);
  BW_ASSIGN(Executor executor, Executor::Create(*run.graph, shapes, {}));
  run.executor = std::make_unique<Executor>(std::move(executor));
  return run;
}

std::vector<double> Ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) ranks[order[i]] = static_cast<double>(i);
  return ranks;
}

double Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto mean = [](const std::vector<double>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
  };
  const double mean_a = mean(a), mean_b = mean(b);
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

double Quantile(std::vector<double> values, double part) {
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// All plans in each round, so that noise of the machine falls on all of them.
void Time(std::vector<Run>& runs, const std::vector<Shape>& shapes) {
  Tensor input(DType::kFloat32, shapes[0]);
  Rng rng(1);
  for (float& x : input.span<float>()) x = static_cast<float>(rng.Uniform(0, 1));
  const std::vector<ConstTensorRef> inputs = {input};
  for (int round = 0; round < kRounds; ++round) {
    for (Run& run : runs) {
      run.executor->Run(inputs);  // its weights and code into the caches again
      const double start = Now();
      run.executor->Run(inputs);
      run.seconds.push_back(Now() - start);
    }
  }
}

void Report(const std::string& path, const std::vector<Run>& runs) {
  std::vector<double> predicted, measured, ratios;
  for (const Run& run : runs) {
    predicted.push_back(run.predicted);
    measured.push_back(Quantile(run.seconds, kUndisturbed) * 1e9);
    ratios.push_back(predicted.back() / measured.back());
  }
  const auto [least, most] = std::minmax_element(measured.begin(), measured.end());
  fmt::print(
      "{}: {} plans, {:.3f} to {:.3f} ms, rank correlation {:.3f}, predicted / measured "
      "{:.2f} (median)\n",
      path, runs.size(), *least * 1e-6, *most * 1e-6,
      Correlation(Ranks(predicted), Ranks(measured)), Quantile(ratios, 0.5));
}

Expected<void> Bench(const std::string& path, std::size_t plans) {
  BW_ASSIGN(Graph graph, ImportOnnx(path));
  BW_TRY(RunPasses(graph));
  BW_ASSIGN(const QuantTargets targets, FindTargets(graph));
  BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(graph, 1));
  BW_ASSIGN(const CostTarget host, FindTarget("host"));
  BW_ASSIGN(const LayerCosts costs, LayerCosts::Create(graph, targets, &host));
  Rng rng(1);
  std::vector<Run> runs;
  const double start = Now();
  for (std::size_t p = 0; p < plans; ++p) {
    const Plan plan = RandomPlan(targets, rng);
    BW_ASSIGN(Run run, MakeRun(graph, targets, plan, shapes));
    run.predicted = costs.Total(ChoiceOf(plan, targets))[Quantity::kLatencyNs].value();
    runs.push_back(std::move(run));
  }
  fmt::print("{}: predictions took {:.1f} s\n", path, Now() - start);
  Time(runs, shapes);
  Report(path, runs);
  return {};
}

}  // namespace
}  // namespace bw::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: host_bench <plans> <network.onnx>...\n", stderr);
    return 2;
  }
  for (int i = 2; i < argc; ++i) {
    const auto done = bw::bench::Bench(argv[i], std::stoul(argv[1]));
    if (done) continue;
    fmt::print(stderr, "{}\n", done.error().message);
    return 3;
  }
  return 0;
}
