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
// are where the divergence of the equalized network from the float network, every tensor rounded to
// nearest, is not a fifth less on calibration samples, in the geometric mean over 8, 6, 5 and 4
// bits: what is won at one width is often lost at another. Labels are not looked at.
Expected<SearchNetwork> MakeSearchNetwork(const Graph& graph, const QuantTargets& targets,
                                          const Dataset& calibration, const Metric& metric,
                                          const TuneOptions& options,
                                          const Progress& progress = {});

}  // namespace bw
