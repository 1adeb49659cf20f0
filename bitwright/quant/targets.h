#pragma once
// Which tensors of a network get a number format.

#include <cstdint>
#include <string>
#include <vector>

#include "bitwright/graph/op.h"

namespace bw {

enum class TargetKind { kWeight, kActivation };

// A tensor that is stored, and so can be stored in fewer bits.
struct QuantTarget {
  ValueId value = kNoValue;
  std::string name;
  TargetKind kind = TargetKind::kWeight;
  Shape shape;                // activations: for batch 1
  std::int64_t elements = 0;  // activations: for batch 1
  WeightAxes axes;            // weights
};

// What the network stores: the quantizable tensors in execution order (an activation before the
// weights of the layer that reads it), and what stays float32.
struct QuantTargets {
  std::vector<QuantTarget> tensors;
  std::int64_t float_weight_elements = 0;  // biases and other float constants that are no targets
  std::vector<ValueId> float_activations;  // that are stored and stay float: the network's outputs
  std::int64_t float_activation_elements = 0;  // of these, for batch 1

  std::vector<std::size_t> Of(TargetKind kind) const;
};

// Weights: the constant weight inputs of Conv, ConvTranspose, Gemm and MatMul. Activations: every
// float tensor that a fused implementation keeps in memory, the network's inputs included: not
// those consumed in place by the element-wise op behind them (Conv -> Relu, Conv -> Add), not those
// that a movement op (Reshape, MaxPool, Concat) makes from values already rounded, and not the
// outputs, nor what only reaches an output through element-wise ops or Softmax.
Expected<QuantTargets> FindTargets(const Graph& graph);

}  // namespace bw
