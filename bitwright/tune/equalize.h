#pragma once
// The float network that a search rounds: the user's own with its channels equalized, where that
// makes it lose less.

#include <memory>
#include <vector>

#include "bitwright/tune/tune.h"

namespace bw {

struct SearchNetwork {
  std::shared_ptr<const Graph> graph;  // the same value ids and outputs as the user's
  ChannelScales channel_scales;        // that make it of the user's; empty where it is the user's
  std::vector<ActivationStatistics> statistics;  // of `graph`, by target
};

// Calibrates and equalizes (quant/methods/cross_layer_equalization.cc). The channels stay as they
// are where the equalized network, every tensor rounded to nearest, is no nearer to the float
// network on calibration samples, at 8 or at 5 bits. Labels are not looked at.
Expected<SearchNetwork> MakeSearchNetwork(const Graph& graph, const QuantTargets& targets,
                                          const Dataset& calibration, const Metric& metric,
                                          const TuneOptions& options,
                                          const Progress& progress = {});

}  // namespace bw
