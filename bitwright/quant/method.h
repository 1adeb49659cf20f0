#pragma once
// A step that makes a quantized network better without training: one file in quant/methods/.

#include <span>
#include <string>
#include <string_view>

#include "bitwright/base/registry.h"
#include "bitwright/data/metric.h"
#include "bitwright/quant/apply.h"

namespace bw {

// How much work quantization may be. kFast: nearest values under good scales; kStandard: what
// repairs without learning; kBest: learned rounding as well.
enum class Effort { kFast, kStandard, kBest };
std::string_view EffortName(Effort effort);           // "fast", "standard", "best"
Expected<Effort> EffortNamed(std::string_view name);  // an error lists the names

// Methods run by stage, in each by name.
enum class Stage {
  kNetwork,   // rewrites the float network
  kScales,    // chooses scales
  kClipping,  // moves scales of activations, which are chosen
  kRounding,  // rounds weights
  kBiases,    // moves biases; the quantized network exists
};

// What is learned from the data, in one sweep over it for all methods.
enum class Statistic { kActivations, kLayerInputs };

struct Statistics {
  std::vector<ActivationStatistics> activations;  // by target
  std::vector<LayerInputs> inputs;                // by target
};

// A quantized network in the making.
struct QuantDraft {
  const Graph* original = nullptr;  // the float network as it came
  Graph graph;                      // as methods of kNetwork have made it; the same value ids
  const QuantTargets* targets = nullptr;
  Statistics statistics;  // of `graph`
  Plan plan;
  WeightCodes codes;  // by target; what is absent is rounded as the plan says
  Graph quantized;    // of the plan; made before stage kBiases
};

struct MethodContext {
  const Dataset* calibration = nullptr;  // labels are not looked at
  const Metric* metric = nullptr;        // tells what divergence of outputs means
  std::uint64_t seed = 1;
  int threads = 0;
  Progress progress = {};
  double learning_macs = 2e13;  // that learned rounding may cost; the fitting of layers a twentieth
  // Of the calibration samples, those that weights and scales are fitted to one by one, and those
  // that no such method sees; null: all, and none.
  const Dataset* fitting = nullptr;
  const Dataset* held_out = nullptr;
};

inline const Dataset& FittingSamples(const MethodContext& context) {
  return context.fitting ? *context.fitting : *context.calibration;
}

// Every eighth calibration sample is held out for judging methods; below 16 samples all are both.
// They must be in random order. Ranges, moments and means, which follow no single sample, are of
// all.
struct CalibrationParts {
  Dataset fitting, held_out;
};
CalibrationParts HoldOut(const Dataset& calibration);

struct Method {
  std::string_view name, summary;
  Stage stage = Stage::kNetwork;
  Effort effort = Effort::kStandard;  // the least that includes it
  std::span<const Statistic> needs;
  // Improves the draft, and says in a few words what it did, or why it did nothing.
  Expected<std::string> (*apply)(QuantDraft& draft, const MethodContext& context) = nullptr;
};

namespace methods {
std::span<const Method* const> All();
}

// Those of an effort in the order in which they run. Fails on a name in `without` that is no
// method's.
Expected<std::vector<const Method*>> MethodsFor(Effort effort,
                                                std::span<const std::string> without);

// Rounds the weights as the plan says.
Expected<void> RoundWeights(QuantDraft& draft, const MethodContext& context);

// Null where none of them has this name.
const Method* FindMethod(std::span<const Method* const> methods, std::string_view name);

// What these methods need together.
std::vector<Statistic> NeedsOf(std::span<const Method* const> methods);

// Activations always; layer inputs where they are needed.
Expected<Statistics> CollectStatistics(const Graph& graph, const QuantTargets& targets,
                                       std::span<const Statistic> needs,
                                       const MethodContext& context);

}  // namespace bw
