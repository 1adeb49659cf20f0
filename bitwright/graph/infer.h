#pragma once
// Types of every value once the input shapes are fixed, and values known before any data is seen.

#include <map>
#include <vector>

#include "bitwright/graph/graph.h"

namespace bw {

// By ValueId. known[v] holds the constants of the graph's shape arithmetic for these input shapes
// (Shape, and whatever small integer computation follows from it); values that the graph itself
// holds as constants are not repeated there.
struct InferredTypes {
  std::vector<TensorType> types;
  std::map<ValueId, Tensor> known;
  // Whether the type follows from data, by ValueId; never with Open::kRefuse.
  std::vector<char> open;

  // The graph's own constant, or the known one, or null.
  const Tensor* Constant(const Graph& graph, ValueId id) const;
};

// What becomes of a node whose output types follow from data (control flow, NonZero, a shape that
// is an input of the network).
enum class Open { kRefuse, kLeave };

// Infers every type from full input shapes (one for each graph input, in order). Refuses negative
// or overflowing extents and tensors over 2^34 elements before anything is allocated; errors name
// the node: "node 'head/conv_7' (Conv): ...".
Expected<InferredTypes> InferTypes(const Graph& graph, const std::vector<Shape>& input_shapes,
                                   Open open = Open::kRefuse);

// The declared input shapes with unknown extents replaced: the first by `batch`, an unknown one
// elsewhere is an error that names the input. A known leading extent is replaced too when `batch` >
// 0 and rebatching the graph infers cleanly; otherwise stays.
Expected<std::vector<Shape>> InputShapes(const Graph& graph, std::int64_t batch);

// Evaluates nodes whose inputs are all constant with the reference kernels and replaces them by
// constants; drops Identity and Dropout.
Expected<void> FoldConstants(Graph& graph);

}  // namespace bw
