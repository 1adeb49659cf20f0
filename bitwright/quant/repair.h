#pragma once
// A plan carried out as well as an effort allows: methods run one after the other, what each of
// them gained is measured, and what brings nothing is undone.

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
  bool kept = true;            // false: undone, the note says why
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
// the same methods. A method behind which the network's output is farther from the float network's
// than before, by more than two standard errors of ShiftOf over context.held_out (calibration where
// there is none), is undone. Methods that run before the weights are rounded are judged with
// weights as compensated_rounding would leave them where it is among the methods. Fails when a spec
// does not fit its tensor. The same inputs and seed give the same bytes for any number of threads.
Expected<Repaired> Repair(const Graph& graph, const QuantTargets& targets, Plan plan,
                          Statistics statistics, const RepairOptions& options,
                          const MethodContext& context);

}  // namespace bw
