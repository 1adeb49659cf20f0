#pragma once
// How far each layer's output is from the float network's, in the running quantized network.

#include <string>
#include <vector>

#include "bitwright/quant/plan.h"
#include "bitwright/quant/runner.h"

namespace bw {

struct LayerError {
  std::string layer;  // its output's name
  double error = 0;   // squared error over the energy of the float network's output
};

// For the layers that multiply by weights, in execution order. `quantized` came from `original` by
// ScaleChannels with these scales and ApplyPlan; errors are in the original's units.
Expected<std::vector<LayerError>> LayerErrors(const Graph& original, const Graph& quantized,
                                              const ChannelScales& scales, const Dataset& data,
                                              int threads);

}  // namespace bw
