#include "bitwright/quant/cached_run.h"

#include <gtest/gtest.h>

#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Network;

// x -> wide, large and cheap -> narrow, small and dear -> again -> y; [1,4,6,6] everywhere but the
// wide [1,32,6,6].
struct Chain {
  Network net;
  ValueId x = net.Input("x", {-1, 4, 6, 6});
  ValueId wide = net.Conv(x, "wide", {32, 4, 1, 1}, 1);
  ValueId narrow = net.Conv(wide, "narrow", {4, 32, 3, 3}, 2);
  ValueId again = net.Conv(narrow, "again", {4, 4, 3, 3}, 3);
  ValueId y = net.Op("Relu", {again}, "y");
  Graph graph = net.Finish({y});
  InferredTypes types = InferTypes(graph, {{1, 4, 6, 6}}).value();

  std::vector<ValueId> Kept(std::size_t bytes) const {
    const std::vector<char> checkpoints = Checkpoints(graph, types, bytes);
    std::vector<ValueId> kept;
    for (std::size_t v = 0; v < checkpoints.size(); ++v) {
      if (checkpoints[v] != 0) kept.push_back(static_cast<ValueId>(v));
    }
    return kept;
  }
};

constexpr std::size_t kPlane = 6 * 6 * sizeof(float);

TEST(Checkpoints, AreWhatLayersReadAndTheOutputs) {
  const Chain chain;
  EXPECT_EQ(chain.Kept(1'000'000),
            (std::vector<ValueId>{chain.x, chain.wide, chain.narrow, chain.y}));
  EXPECT_EQ(chain.Kept((4 + 32 + 4 + 4) * kPlane).size(), 4U);
}

TEST(Checkpoints, WhatSparesLittleForItsSizeGoesFirst) {
  const Chain chain;
  EXPECT_EQ(chain.Kept(44 * kPlane - 1),
            (std::vector<ValueId>{chain.wide, chain.narrow, chain.y}));  // x spares nothing
  EXPECT_EQ(chain.Kept(39 * kPlane), (std::vector<ValueId>{chain.narrow, chain.y}));
  EXPECT_EQ(chain.Kept(4 * kPlane), std::vector<ValueId>{chain.narrow});
  EXPECT_EQ(chain.Kept(0), std::vector<ValueId>{});
}

TEST(BytesWorthKeeping, GrowWithTheWork) {
  const auto bytes = [](std::int64_t channels) {
    testing_networks::Network net;
    const ValueId x = net.Input("x", {-1, 4, 6, 6});
    const Graph graph = net.Finish({net.Conv(x, "y", {channels, 4, 1, 1}, 1)});
    return BytesWorthKeeping(graph, InferTypes(graph, {{3, 4, 6, 6}}).value());
  };
  // 3 * 36 * 24 outputs of 4 multiply-accumulates and themselves: 12960 operations.
  EXPECT_EQ(bytes(24), 43U);
  EXPECT_EQ(bytes(240), 432U);
}

}  // namespace
}  // namespace bw
