#pragma once
// Parts of a network with one way in and one way out.

#include <vector>

#include "bitwright/graph/infer.h"

namespace bw {

// The computed values that every path from the network's input to its first output passes, in
// execution order, from the input on; ends with the output where the network has only one. Values
// that follow from shapes alone are no paths. `types` are those of the graph.
std::vector<ValueId> FindCuts(const Graph& graph, const InferredTypes& types);

// Of the cuts those whose rows can be held: float32, a row for each of the input's, of at most
// `most` elements. The input and a last cut that is the network's output always stay.
std::vector<ValueId> FindRowCuts(const Graph& graph, const InferredTypes& types, double most);

// The nodes that compute `outputs` from `input`, as a graph of the same value ids that holds the
// constants they read and what `types` knows. Fails when an output depends on another input.
Expected<Graph> CutOut(const Graph& graph, const InferredTypes& types, ValueId input,
                       const std::vector<ValueId>& outputs);

}  // namespace bw
