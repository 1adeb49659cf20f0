#pragma once
// A large batch run a few rows at a time, so that what nodes pass to each other stays in the cache.

#include "bitwright/graph/infer.h"

namespace bw {

// How many rows of the batch that `types` were inferred for to run at a time: as many as keep the
// inputs and outputs of every node within the second cache, a divisor of the batch. All of them
// where an input or output does not have the batch as its first extent, or the network does not
// take fewer. By network and batch alone, not by the machine. Rows are taken not to depend on each
// other, as evaluation takes them.
std::int64_t RowsAtATime(const Graph& graph, const InferredTypes& types);

// The same shapes with another first extent.
std::vector<Shape> WithRows(std::vector<Shape> shapes, std::int64_t rows);

}  // namespace bw
