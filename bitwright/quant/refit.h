#pragma once
// A layer fitted anew to what it really sees: behind rounded layers its inputs differ from the
// float network's, and part of the difference can be foreseen from the inputs themselves.

#include <span>
#include <vector>

#include "bitwright/quant/layer_inputs.h"

namespace bw {

// By group, then element of the layer's input vector: the mean over the vectors.
std::vector<double> MeansOf(const LayerInputs& inputs);

// The same vectors with the means taken off.
LayerInputs Centred(LayerInputs inputs, const std::vector<double>& means);

// V with the least mean of |W x - V x'|^2 + damping * mean(x'^2) * |W - V|^2 over pairs of vectors:
// x is what the layer sees in the float network (`wanted`), x' what it sees now (`given`), vector
// by vector of the same place. Ridge regression towards W: with C = E[x x''] and H = E[x' x''],
// V = W (C + d I)(H + d I)^-1. The first half of GPTAQ's asymmetric objective (arXiv 2504.02692);
// rounding V with compensation under H is the second.
Tensor Refit(const Tensor& weight, const LayerInputs& wanted, const LayerInputs& given,
             double damping);

// The one of `dampings` under which Refit to the first three quarters of the vectors is nearest on
// the rest; the last where there are fewer than four. What a few vectors of many elements seem to
// say about others is mostly noise.
double BestDamping(const Tensor& weight, const LayerInputs& wanted, const LayerInputs& given,
                   std::span<const double> dampings);

// By output channel: W mean(x) - V mean(x'), what a bias has to add when V takes W's place.
std::vector<double> BiasShift(const Tensor& weight, const std::vector<double>& wanted_means,
                              const Tensor& fitted, const std::vector<double>& given_means,
                              const LayerInputs& layout);

}  // namespace bw
