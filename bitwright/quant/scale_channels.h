#pragma once
// The same network with some channels of its activations made larger or smaller: what a layer's
// weight gives is multiplied, what the next one's takes is divided (Nagel et al., arXiv 1906.04721,
// section 4.1, for any network of layers and positively homogeneous operators).

#include <span>
#include <vector>

#include "bitwright/quant/channel_classes.h"
#include "bitwright/quant/plan.h"

namespace bw {

// Factors by class. Layers that `scales` does not name keep their channels as they are, unless they
// share them with one that it names. Fails on a name that is no output of a layer, a list of
// another length, factors that are not positive and finite, or that disagree with another layer's
// of the same class or with an operator that fixes them at 1.
Expected<std::vector<float>> FactorsByClass(const Graph& graph, const ChannelClasses& classes,
                                            const ChannelScales& scales);

// The other way round; layers whose factors are all 1 are left out.
ChannelScales FactorsByLayer(const Graph& graph, const ChannelClasses& classes,
                             std::span<const float> factors);

// The factors of a value's channels; empty where the value has none.
std::vector<float> FactorsOf(const ChannelClasses& classes, std::span<const float> factors,
                             ValueId value);

// Rewrites weights, biases and added constants; value ids and names stay.
Expected<void> ScaleChannels(Graph& graph, const ChannelScales& scales);

}  // namespace bw
