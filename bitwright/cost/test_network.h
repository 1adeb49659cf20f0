#pragma once
// For tests: a small residual network whose costs can be told by hand.

#include "bitwright/runtime/test_network.h"

namespace bw::testing_cost {

// x [1,3,8,8] -> conv1 4 filters -> Relu r1 -> (conv2 4 filters) -> Add with r1 -> Relu r2 ->
// MaxPool 2x2 p -> conv3 2 filters 1x1 s3 -> Flatten -> Gemm y [1,5].
inline Graph ResidualNetwork() {
  using testing_networks::Attrs;
  using testing_networks::Network;
  Network net;
  const ValueId x = net.Input("x", {-1, 3, 8, 8});
  const ValueId r1 = net.Op("Relu", {net.Conv(x, "conv1", {4, 3, 3, 3}, 1)}, "r1");
  const ValueId conv2 = net.Conv(r1, "conv2", {4, 4, 3, 3}, 2);
  const ValueId r2 = net.Op("Relu", {net.Op("Add", {conv2, r1}, "sum")}, "r2");
  const ValueId pooled = net.Op("MaxPool", {r2}, "p",
                                Attrs({{"kernel_shape", std::vector<std::int64_t>{2, 2}},
                                       {"strides", std::vector<std::int64_t>{2, 2}}}));
  const ValueId conv3 = net.Conv(pooled, "conv3", {2, 4, 1, 1}, 3);
  const ValueId flat = net.Op("Flatten", {conv3}, "flat");
  return net.Finish({net.Linear(flat, "y", 5, 32, 4)});
}

}  // namespace bw::testing_cost
