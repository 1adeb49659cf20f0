#pragma once
// Learned rounding of a whole network: its regions, in execution order, each behind the learned
// regions before it.

#include <string>
#include <vector>

#include "bitwright/base/progress.h"
#include "bitwright/data/dataset.h"
#include "bitwright/quant/apply.h"
#include "bitwright/quant/learning/reconstruct.h"

namespace bw {

struct LearningOptions {
  std::uint64_t seed = 1;
  int threads = 0;
  // Multiply-accumulates that learning may cost, forward and backward: fixed work, not time, so
  // that the result is the same on every machine.
  double macs = 2e13;
  // Weighted layers of one region at most, where regions can be joined; a residual block is never
  // cut.
  int layers_per_region = 3;
  double memory_bytes = 1.5e9;  // of inputs and outputs held
  LearningRates rates = {};
};

// What happened to one region.
struct RegionReport {
  std::string from, to;  // its input and output
  int weights = 0, steps = 0;
  double before = 0, after = 0;  // Reconstructed
  bool kept = false;             // what was learned is better, and stays
  std::string refused;           // why nothing was learned; else empty
};

struct Learned {
  Plan plan;  // rounding learned with its codes, scales and biases
  WeightCodes codes;
  std::vector<RegionReport> regions;
};

// Learns the rounding of the weights in `start`, the codes that `plan` gives, whose activations
// have scales: the plan must have passed CheckPlan. Samples need no labels. The same arguments give
// the same result for any number of threads.
Expected<Learned> LearnRounding(const Graph& graph, const QuantTargets& targets, const Plan& plan,
                                const WeightCodes& start, const Dataset& data,
                                const LearningOptions& options, const Progress& progress = {});

}  // namespace bw
