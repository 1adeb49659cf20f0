#pragma once
// A region of a quantized network learned so that its output is the float network's again: the
// rounding of its weights, the scales of its weights and activations, its biases. AdaRound (arXiv
// 2004.10568) for the choices, BRECQ (arXiv 2102.05426) for regions of several layers, QDrop (arXiv
// 2203.05740) for activations that are rounded or not at random while learning.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bitwright/graph/infer.h"

namespace bw {

// A region and what goes in and out of it. Tensors hold the rows of all samples, in one order.
struct RegionData {
  const Graph* graph = nullptr;  // CutOut of the quantized network; learned weights have codes
  const std::map<ValueId, const Tensor*>* float_weights =
      nullptr;                            // that are learned; the others stay
  Shape input_shape;                      // of one chunk
  const Tensor* rounded_input = nullptr;  // behind the quantized network before the region
  const Tensor* float_input = nullptr;    // behind the float network
  const Tensor* float_output = nullptr;   // of the float network: what is wanted
};

struct LearningRates {
  float choice = 0.02F;       // of a rounding choice
  float weight_scale = 0.0F;  // of the logarithm of a weight's scale
  float activation_scale = 0.002F;
  float bias = 0.001F;       // in units of its layer's output
  float regularization = 4;  // of the choices, in units of the error at the start
  double trust = 0.5;        // in the starting codes, RoundingChoice
};

struct ReconstructOptions {
  int steps = 1000;
  int batch_chunks = 4;  // chunks of rows that one step averages over
  std::uint64_t seed = 1;
  int threads = 0;
  LearningRates rates;
};

struct Reconstructed {
  Graph graph;  // the region with what was learned, codes included
  // Squared error of the output over the float output's square, on rows that were not learned from.
  double before = 0, after = 0;
  std::vector<float> losses;  // of each step, 1 at the start but for dropped rounding
};

// Learns on the first seven eighths of the rows (all of them below 64) and measures on the rest.
// What comes out need not be better: compare `after` with `before`. It does not depend on the
// number of threads. Fails when a node has no gradient.
Expected<Reconstructed> Reconstruct(const RegionData& data, const ReconstructOptions& options);

// The region's output for every row, in chunks of `input_shape`; `rows` is a multiple of them.
Expected<Tensor> RunRegion(const Graph& graph, const Shape& input_shape, const Tensor& input,
                           int threads);

// Squared differences over squares of `reference`, from row `first` on.
double RelativeError(const Tensor& values, const Tensor& reference, std::int64_t first);

}  // namespace bw
