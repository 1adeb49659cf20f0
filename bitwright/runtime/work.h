#pragma once
// How much a network computes.

#include <cstdint>

#include "bitwright/graph/graph.h"

namespace bw {

// Multiply-accumulates of one run on `batch` rows.
Expected<std::int64_t> CountMacs(const Graph& graph, std::int64_t batch);

}  // namespace bw
