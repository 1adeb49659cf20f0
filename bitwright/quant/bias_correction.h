#pragma once
// The biases of a quantized network, moved so that each layer's mean output is the float network's
// again: rounding and clipping shift it, and shifts add up where random errors cancel. Empirical
// bias correction (Nagel et al., arXiv 1906.04721, section 4.2), in forward order, each layer
// behind the corrected layers before it; the last layer's is FxP-QNet's correction by prediction
// error (arXiv 2203.12091, our interpretation).

#include "bitwright/quant/plan.h"
#include "bitwright/quant/runner.h"

namespace bw {

// The biases of the Conv, ConvTranspose and Gemm layers of `quantized`, which came from `original`
// by ApplyPlan, corrected; layers without a bias get one. Uses the first samples of `data` (as many
// as `macs` multiply-accumulates pay for, 32 to 512), the same for both networks, without labels.
// Layers that `settled` names keep the biases that they have, which were fitted to more than the
// mean, but for the last one. The result does not depend on the number of threads.
Expected<LayerBiases> CorrectBiases(const Graph& quantized, const Graph& original,
                                    const Dataset& data, int threads, double macs = 1e12,
                                    const Progress& progress = {}, const LayerBiases& settled = {});

// A layer's output and its own constant bias.
struct LayerBias {
  ValueId output = kNoValue, bias = kNoValue;
};

// Gives every Conv, ConvTranspose and Gemm of constant weights a bias that no other node reads,
// where it can have one; those layers, in execution order.
std::vector<LayerBias> OwnBiases(Graph& graph);

// Gives layers these biases. Fails on a name that is no such layer's output, or a list of another
// length than its channels.
Expected<void> SetBiases(Graph& graph, const LayerBiases& biases);

}  // namespace bw
