#pragma once
// A graph made ready for kernels that work across channels.

#include "bitwright/graph/graph.h"

namespace bw {

// Images pass from node to node as [N, H, W, C]: convolutions, pools, roundings and what is done
// element by element between them; what follows a convolution (addition, Relu, Clip) is done where
// it is stored. Other nodes stay, with a transposition where they meet. The results are those of
// the graph but for the order of float sums; integers are the same. The graph comes back as it is
// where its shapes do not follow from the batch.
Graph ToChannelsLast(const Graph& graph);

}  // namespace bw
