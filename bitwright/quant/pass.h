#pragma once
// A graph rewrite that keeps what the network computes: one file in quant/passes/.

#include <span>
#include <string_view>

#include "bitwright/base/registry.h"
#include "bitwright/graph/graph.h"

namespace bw {

struct Pass {
  std::string_view name;
  std::string_view summary;
  // Rewrites the graph; true when something changed.
  Expected<bool> (*run)(Graph& graph) = nullptr;
};

namespace passes {
std::span<const Pass* const> All();
}

// Runs every pass, in file-name order, until none changes anything; verifies the graph after each.
Expected<void> RunPasses(Graph& graph);

}  // namespace bw
