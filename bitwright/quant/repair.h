#pragma once
// A plan carried out as well as an effort allows: methods run one after the other, and what each of
// them gained is measured.

#include <string>
#include <vector>

#include "bitwright/quant/method.h"

namespace bw {

// The network after one method.
struct MethodGain {
  std::string method, note;    // the first is "nearest": the plan with nothing repaired
  double divergence = 0;       // of the network's output from the float network's
  std::vector<double> layers;  // by layer: squared error of its output over the output's energy
  double seconds = 0;          // that the method took
};

// kSkip spares the measuring, which costs about a sweep over 64 samples for each method.
enum class Gains { kSkip, kMeasure };

struct RepairOptions {
  std::vector<const Method*> methods;  // MethodsFor
  Gains gains = Gains::kSkip;
};

struct Repaired {
  Plan plan;               // with every scale in it
  Graph graph, quantized;  // the float network under the plan's channel scales; the plan applied
  Statistics statistics;   // of `graph`
  std::vector<std::string> layers;  // whose errors `gains` lists, in execution order
  std::vector<MethodGain> gains;    // empty unless measured
};

// Carries out `plan` on the float network `graph`. `statistics` are those of CollectStatistics for
// the same methods. Fails when a spec does not fit its tensor. The same inputs and seed give the
// same bytes for any number of threads.
Expected<Repaired> Repair(const Graph& graph, const QuantTargets& targets, Plan plan,
                          Statistics statistics, const RepairOptions& options,
                          const MethodContext& context);

}  // namespace bw
