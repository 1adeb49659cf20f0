#include <algorithm>
#include <cmath>

#include "bitwright/quant/stored_bytes.h"
#include "bitwright/report/report.h"
#include "bitwright/tensor/block_scale.h"

namespace bw {
namespace {

double SqnrDb(std::span<const float> values, std::span<const float> rounded) {
  double power = 0, error = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double difference = static_cast<double>(rounded[i]) - values[i];
    power += static_cast<double>(values[i]) * values[i];
    error += difference * difference;
  }
  return 10 * std::log10(power / error);
}

Expected<double> ActivationSqnr(const std::string& name, const TensorPlan& plan,
                                const ActivationStatistics& statistics) {
  if (IsDynamic(plan.spec)) return NAN;  // blocks cannot be made of a sample
  BW_ASSIGN(const QuantParams params, ActivationParams(name, plan, &statistics));
  std::vector<float> rounded = statistics.sample;
  BW_ASSIGN(const Grouping grouping,
            MakeGrouping(plan.spec.grain, {static_cast<std::int64_t>(rounded.size())}));
  BW_TRY(FakeQuantize(rounded, grouping, plan.spec, params));
  return SqnrDb(statistics.sample, rounded);
}

}  // namespace

Expected<std::vector<TensorReport>> TensorReports(
    const Graph& graph, const Graph& quantized, const QuantTargets& targets, const Plan& plan,
    const std::vector<ActivationStatistics>& statistics, const std::vector<Candidate>& chosen) {
  std::vector<TensorReport> reports;
  for (std::size_t t = 0; t < targets.tensors.size(); ++t) {
    const QuantTarget& target = targets.tensors[t];
    TensorReport report{target.name,     target.kind,         "fp32",   32,
                        target.elements, 4 * target.elements, INFINITY, {}};
    const auto entry = plan.tensors.find(target.name);
    if (entry != plan.tensors.end()) {
      const TensorPlan& tensor = entry->second;
      report.spec = tensor.spec.ToString();
      report.bits = tensor.spec.element.bits();
      report.bytes = StoredBytes(target, &tensor.spec);
      if (target.kind == TargetKind::kWeight) {
        report.sqnr_db = SqnrDb(graph.value(target.value).constant->span<float>(),
                                quantized.value(target.value).constant->span<float>());
      } else if (t < statistics.size()) {
        BW_ASSIGN(report.sqnr_db, ActivationSqnr(target.name, tensor, statistics[t]));
      } else {
        report.sqnr_db = NAN;
      }
      const auto candidate = std::find_if(chosen.begin(), chosen.end(),
                                          [&](const Candidate& c) { return c.target == t; });
      if (candidate != chosen.end()) report.sensitivity = candidate->sensitivity;
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace bw
