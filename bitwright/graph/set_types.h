#pragma once
// The types that an importer leaves in a graph.

#include "bitwright/graph/infer.h"

namespace bw {

// Types where every open extent of the inputs is 1; where extents besides the first are open and 1
// does not fit them, every type is left open.
Expected<InferredTypes> TypesAtOne(const Graph& graph);

// Writes the inferred type to each value that is neither input nor constant; extents that follow
// the batch become -1.
Expected<void> SetTypes(Graph& graph);

}  // namespace bw
