#pragma once
// Rounding weights so that the layer's output, not the weight, is near: the rounding error of each
// column is spread over the columns not yet rounded.

#include "bitwright/quant/layer_inputs.h"

namespace bw {

// The weight with every element on its spec's grid: value, not code. Optimal Brain Quantization
// with a fixed column order (Frantar et al., OBQ 2022; GPTQ, arXiv 2210.17323, algorithm 1) for any
// element format and any grain: columns in order of falling second moment, nearest value of the
// format under the scale that `params` gives the element, error propagated by the Cholesky factor
// of the inverse of H = X'X/n + d mean(diag) I; d is 0.01, more where there are fewer than ten
// vectors for each of their elements. Then, for elements of at most 6 bits (of 8 it changes next to
// nothing), sweeps of coordinate descent on e'He over the elements, each to the value that is best
// beside the others, which never makes it worse (after QuantEase, arXiv 2309.01885, section 3).
// `inputs` are those of this weight, not empty.
Tensor RoundCompensated(const Tensor& weight, const QuantSpec& spec, const QuantParams& params,
                        const LayerInputs& inputs);

// In place of a scale method's name in a plan's entry of a weight: mse, and where the weight is
// rounded with compensation, BetterScales of that.
inline constexpr std::string_view kScaleByMoments = "moments";

// Scales that give the layer a nearer output: of a few multiples of `params` (0.6 to 1.15), for
// each output channel the one with the least e'He after compensated rounding, H the second-moment
// matrix; one multiple for all channels where they share scales. Symmetric specs; others come back
// as they are.
QuantParams BetterScales(const Tensor& weight, const QuantSpec& spec, const QuantParams& params,
                         const LayerInputs& inputs);

}  // namespace bw
