#pragma once
// What the layers multiply their weights with: rows drawn from the float network's activations.

#include <cstdint>
#include <vector>

#include "bitwright/quant/runner.h"
#include "bitwright/quant/targets.h"

namespace bw {

// Inputs of one weight: `count` vectors of `length` for each of `groups` independent parts of it. A
// convolution's vector is one patch of its group's channels in the order of the weight's row;
// [groups][count][length] in `rows`.
struct LayerInputs {
  int channel_axis = 0;  // of the weight: its rows are output channels
  std::int64_t groups = 1, length = 0, count = 0;
  std::vector<float> rows;

  bool empty() const { return count == 0; }
};

// One entry for each target; empty for activations and for weights of ConvTranspose. Positions are
// drawn by (seed, sample), at most about four million numbers a layer, fewer where FreeMemory
// (base/memory.h) has not twice that for all, independently of the number of threads.
Expected<std::vector<LayerInputs>> CollectLayerInputs(const Graph& graph,
                                                      const QuantTargets& targets,
                                                      const Dataset& data, std::uint64_t seed,
                                                      int threads, const Progress& progress = {});

}  // namespace bw
