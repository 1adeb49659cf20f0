#pragma once
// Running a graph node by node, each type inferred from the values at hand: for graphs whose types
// follow from data (control flow, NonZero, computed shapes), where nothing can be planned ahead.

#include <functional>
#include <span>
#include <vector>

#include "bitwright/graph/op.h"

namespace bw {

// Computes one node whose output types are known: the reference, or something faster.
// constants[i] is the graph's own constant behind input i, or null.
using NodeRunner =
    std::function<void(const Node& node, std::span<const Tensor* const> constants,
                       std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs)>;

// The op's reference kernel.
void RunReference(const Node& node, std::span<const Tensor* const> constants,
                  std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs);

// Graph outputs for graph inputs, in order. A value is dropped after its last reader. Errors name
// the node: a type rule that fails on the values, a loop beyond its bound.
Expected<std::vector<TensorPtr>> Interpret(const Graph& graph, std::vector<TensorPtr> inputs,
                                           const NodeRunner& run = RunReference);

}  // namespace bw
