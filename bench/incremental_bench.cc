// What keeping activations saves: plans that differ in one activation's rounding, run by an
// evaluator that keeps nothing and by one that keeps activations, in pairs.
//
// usage: incremental_bench <network.onnx> <data> <preprocess.json> <samples>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bitwright/cli/options.h"
#include "bitwright/quant/evaluate.h"
#include "bitwright/quant/targets.h"

namespace bw::bench {
namespace {

constexpr std::size_t kPlans = 12;
constexpr std::size_t kCacheBytes = std::size_t{2} << 30;

struct Timed {
  Evaluation evaluation;
  double seconds = 0;
};

Expected<Timed> Time(Evaluator& evaluator, const Rounding& rounding) {
  const auto start = std::chrono::steady_clock::now();
  BW_ASSIGN(Evaluation evaluation, evaluator.Run(rounding));
  const auto passed = std::chrono::steady_clock::now() - start;
  return Timed{std::move(evaluation), std::chrono::duration<double>(passed).count()};
}

ActivationQuantizer Quantizer(float scale) {
  return {QuantSpec::Parse("int8").value(), {{scale}, {}}};
}

Expected<void> Run(const std::string& model, const DataOptions& options, std::size_t samples) {
  BW_ASSIGN(const Graph graph, LoadNetwork(model));
  BW_ASSIGN(const QuantTargets targets, FindTargets(graph));
  BW_ASSIGN(const Dataset data, OpenData(options, options.data, ""));
  const Metric& metric = *FindMetric("agreement");
  const RunnerOptions runner{1, Backend::kFast};
  BW_ASSIGN(Evaluator whole, Evaluator::Create(graph, data.First(samples), metric, runner));
  BW_ASSIGN(Evaluator kept, Evaluator::Create(graph, data.First(samples), metric, runner));
  kept.ReuseActivations(kCacheBytes);
  const ActivationQuantizer usual = Quantizer(0.03F), other = Quantizer(0.04F);
  const std::vector<std::size_t> tensors = targets.Of(TargetKind::kActivation);
  Rounding plan;
  for (const std::size_t t : tensors) plan.quantizers[targets.tensors[t].value] = &usual;
  BW_TRY(Time(kept, plan));
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(kPlans, tensors.size()); ++i) {
    const QuantTarget& target =
        targets.tensors[tensors[i * tensors.size() / std::min(kPlans, tensors.size())]];
    Rounding changed = plan;
    changed.quantizers[target.value] = &other;
    BW_ASSIGN(const Timed slow, Time(whole, changed));
    BW_ASSIGN(const Timed fast, Time(kept, changed));
    if (slow.evaluation.divergence != fast.evaluation.divergence)
      return Fail("{}: the results differ at '{}'", model, target.name);
    ratios.push_back(slow.seconds / fast.seconds);
    fmt::print("{:<40} {:>8.3f} s {:>8.3f} s {:>7.2f}\n", target.name, slow.seconds, fast.seconds,
               ratios.back());
  }
  std::sort(ratios.begin(), ratios.end());
  fmt::print("median ratio {:.2f}\n", ratios[ratios.size() / 2]);
  return {};
}

}  // namespace
}  // namespace bw::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: incremental_bench <network.onnx> <data> <preprocess.json> <samples>\n",
               stderr);
    return 2;
  }
  bw::DataOptions options;
  options.data = argv[2];
  options.preprocess_file = argv[3];
  const auto done = bw::bench::Run(argv[1], options, std::strtoull(argv[4], nullptr, 10));
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return 1;
}
