#pragma once
// The specs worth measuring for each tensor.

#include <vector>

#include "bitwright/tune/tune.h"

namespace bw {

// By target: every format of the options that fits it, `sensitivity` still to be measured.
// Activations without negative values take a format's unsigned form too, others of integers the
// asymmetric one.
Expected<std::vector<std::vector<Candidate>>> EveryCandidate(
    const Graph& graph, const QuantTargets& targets,
    const std::vector<ActivationStatistics>& statistics, const TuneOptions& options,
    const Progress& progress = {});

// For each target and each number of bits the format with the least squared error on the tensor
// itself: the others of as many bits are dominated before the network is run. Formats that do not
// fit a tensor (a block that does not divide its rows) are left out for it. Activations without
// negative values take a format's unsigned form too.
Expected<std::vector<Candidate>> MakeCandidates(const Graph& graph, const QuantTargets& targets,
                                                const std::vector<ActivationStatistics>& statistics,
                                                const TuneOptions& options,
                                                const Progress& progress = {});

// The rounding that one candidate means; the tensors and quantizers live as long as this.
struct CandidateRounding {
  std::optional<QTensor> codes;    // of a weight candidate
  Tensor weight;                   // decoded
  ActivationQuantizer activation;  // of an activation candidate
};
Expected<CandidateRounding> Realise(const Graph& graph, const QuantTarget& target,
                                    const TensorPlan& plan, const LayerInputs* inputs);

}  // namespace bw
