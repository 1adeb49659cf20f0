#pragma once
// The main job: a format and a scale for every weight and activation tensor, the smallest that keep
// the accuracy.

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bitwright/quant/apply.h"
#include "bitwright/quant/evaluate.h"
#include "bitwright/quant/method.h"
#include "bitwright/search/strategy.h"
#include "bitwright/tune/demand.h"
#include "bitwright/tune/front.h"

namespace bw {

struct TuneOptions {
  double max_drop = 0.01;  // of the metric, in its natural unit
  std::vector<Format> weight_formats, activation_formats;
  std::string weight_scaling =
      "c:fp16";  // grain and scale format of weights; 'c' is the output-channel axis
  std::string scale_method = "mse", activation_scale_method = "norm=3";
  // What repairs the network (quant/method.h): equalization before the search; scales by moments
  // and compensated rounding while it lasts; learned rounding and biases of the network found.
  std::vector<const Method*> methods = MethodsFor(Effort::kStandard, {}).value();
  DemandText demand;
  std::optional<CostTarget>
      target;  // whose quantities the demand may read, beside bytes and bit_ops
  std::string strategy = "pareto";
  StrategyParameters strategy_parameters;
  // Standard errors of the drop that are kept in reserve for unseen samples; by default 1 for
  // classifiers, whose expected drop guards against luck as well, and 4 for other metrics.
  std::optional<double> margin;
  // In place of the margin: a plan is accepted when the upper limit of its drop on the search split
  // at this confidence (certificate.h) is within max_drop.
  std::optional<double> confidence;
  double budget_seconds = 300;
  std::size_t evaluations = 100;        // of whole plans
  std::size_t sensitivity_samples = 0;  // 0: chosen by the network's size
  std::size_t calibration_samples = 512;
  std::uint64_t seed = 1;
  int threads = 0;
  bool force = false;   // go on although the float accuracy is implausible
  bool judged = false;  // an external judge decides: the metric only guides, and bounds nothing
};

// Disjoint parts of the user's data.
struct TuneData {
  Dataset calibration, search, test;
};

// What the user named. With --data alone: 20 % calibration, 40 % search, 40 % test, by seed and
// stratified; a separate calibration set leaves 50/50, a separate test set 30/70, both give all of
// --data to the search.
struct DataSources {
  Dataset data;
  std::optional<Dataset> calibration, test;
};
Expected<TuneData> SplitData(const DataSources& sources, std::uint64_t seed);

// The measured loss of one candidate of one tensor.
struct Candidate {
  std::size_t target = 0;  // index into QuantTargets::tensors
  TensorPlan plan;
  std::int64_t bytes = 0;
  double local_error = 0;  // squared error over the tensor's energy
  double sensitivity = 0;  // divergence of the network's output with this tensor alone rounded
};

struct TuneResult {
  Plan plan;
  Graph graph;            // the float network under the plan's channel scales
  Graph quantized;        // the plan applied
  bool feasible = false;  // on the search split
  std::string conflict;   // DescribeConflict (search/reachable.h), where it is not
  double max_drop = 0;    // the least that was demanded
  Evaluation float_test, quantized_test;
  double search_drop = 0;                    // on the search split
  std::optional<double> search_upper_limit;  // of the drop, at the confidence demanded
  Front front;                               // of this search; only the chosen plan is repaired
  Cost cost, float_cost;          // of the plan and of the float network: all that is known
  std::vector<Candidate> chosen;  // of each tensor that the plan rounds
  std::vector<ActivationStatistics> statistics;  // by target
  std::size_t evaluations = 0;
};

// Sizes of everything the network stores, as float32 and under a plan.
struct Sizes {
  std::int64_t weight_bytes = 0, weight_float_bytes = 0;
  std::int64_t activation_bytes = 0, activation_float_bytes = 0;  // one sample's
};
Sizes PlanSizes(const QuantTargets& targets, const Plan& plan);

// How much of the metric is lost, in its natural unit; negative when the network became better.
double Drop(const Evaluation& before, const Evaluation& after);

// Standard error of Drop by the jackknife over 50 groups of samples (Quenouille; Tukey 1958), which
// pairs the two runs.
double DropStandardError(const Metric& metric, const Dataset& data, const Evaluation& before,
                         const Evaluation& after);

// Refuses a float accuracy that labels cannot explain: no better than guessing the commonest class.
Expected<void> CheckPlausible(const Evaluation& evaluation, const Metric& metric,
                              const Dataset& data);

// Told each better plan, and the network under it.
using SavePlan = std::function<Expected<void>(const Plan& plan, const Graph& quantized)>;

class TrialMemo;

// Somebody else's measure of a network; greater is better, drops are in its unit.
struct ExternalJudge {
  std::string name;        // tells its answers apart from another's
  double float_value = 0;  // of the float network
  // No value where it cannot say one of this network: the plan is refused.
  std::function<Expected<std::optional<double>>(const Graph& quantized)> measure;
};

// What a search leans on outside; what is absent it does without.
struct TuneHooks {
  TrialMemo* memo = nullptr;   // remembers beyond this search
  std::function<bool()> stop;  // asked between measurements; true ends the search with its best
  const ExternalJudge* judge = nullptr;  // decides in place of the metric on the search split
};

// Tunes an imported network whose passes have run. `save` is called with each better plan as soon
// as it is known.
Expected<TuneResult> Tune(const Graph& graph, const QuantTargets& targets, const TuneData& data,
                          const Metric& metric, const TuneOptions& options, const SavePlan& save,
                          const Progress& progress = {}, const TuneHooks& hooks = {});

}  // namespace bw
