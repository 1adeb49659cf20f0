#pragma once
// A layer by itself under a choice of formats, as the runtime would run it.

#include <vector>

#include "bitwright/cost/model.h"
#include "bitwright/graph/graph.h"

namespace bw {

// Nodes whose names begin so only read a piece's result, which is made as they want it.
inline constexpr std::string_view kPieceReader = "reader";

struct Piece {
  Graph graph;                // float, with FakeQuantize where the choice rounds
  std::vector<Shape> inputs;  // of its inputs, batch 1
};

// The layer's nodes with their constants (weights in the spec's codes). What it reads is an input,
// rounded; what it makes is rounded and read by the convolutions that read it in the network, and
// is an output where anything else does. Needs work.source. Fails where a spec does not fit a
// weight.
Expected<Piece> MakePiece(const Work& work, std::size_t layer, SpecChoice specs);

}  // namespace bw
