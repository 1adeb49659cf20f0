#pragma once
// What strategies want to know of tensors beyond losses, from the network itself.

#include <vector>

#include "bitwright/quant/evaluate.h"

namespace bw {

// The mean over a weight's elements of the diagonal of the Hessian of the divergence from the float
// network, by Hutchinson's estimate (1989): v'Hv for random signs v, which is 2 D(w + e v) / e^2 at
// the float weights, where D and its gradient vanish. Both signs of three v, e a hundredth of the
// weight's root mean square. One number for each of `weights`.
Expected<std::vector<double>> HessianTraces(const Graph& graph, const std::vector<ValueId>& weights,
                                            Evaluator& evaluator, std::size_t samples,
                                            std::uint64_t seed);

// For each value, how alike its features over one batch are to those of all others: the sum of
// linear CKA (Kornblith et al., ICML 2019) with each, itself left out. All values have one row of
// features for each row of the batch.
Expected<std::vector<double>> Likeness(const Graph& graph, const std::vector<ValueId>& values,
                                       const Dataset& data, int threads);

// <K, L> / (|K| |L|) of the centred Gram matrices of two sets of features: `x` and `y` have `rows`
// rows. 1 of a set and itself; 0 where either is constant.
double LinearCka(std::span<const float> x, std::span<const float> y, std::size_t rows);

}  // namespace bw
