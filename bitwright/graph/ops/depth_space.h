#pragma once
// What DepthToSpace and SpaceToDepth check alike.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {

inline Expected<std::int64_t> BlockSize(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  const std::int64_t block = in.node.attributes.Int("blocksize", 0);
  if (in.types[0].shape.size() != 4) {
    return Fail("input is {}, 4 axes are needed", ShapeText(in.types[0].shape));
  }
  if (block < 1 || block > (1 << 15)) return Fail("blocksize is {}, 1 to 2^15 are allowed", block);
  return block;
}

}  // namespace bw::ops
