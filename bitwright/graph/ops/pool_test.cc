#include "bitwright/graph/ops/run_op.h"

namespace bw {
namespace {

const Tensor kLine = F({1, 1, 5}, {1, 5, 2, 4, 3});

Items Kernel(const Ints& kernel, Items more = {}) {
  more["kernel_shape"] = kernel;
  return more;
}

TEST(MaxPool, TwoAxesWithStrideAndPadding) {
  const Tensor y = RunOp({"MaxPool",
                          {Count({1, 1, 3, 3})},
                          Kernel({2, 2}, {{"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 0, 0}}})});
  ExpectTensor(y, {1, 1, 2, 2}, {0, 2, 6, 8});
}

TEST(MaxPool, PaddingNeverWins) {
  const Tensor x = F({1, 1, 2}, {-5, -7});
  ExpectTensor(RunOp({"MaxPool", {x}, Kernel({3}, {{"pads", Ints{1, 1}}})}), {1, 1, 2}, {-5, -5});
}

TEST(MaxPool, DilationSkipsElements) {
  ExpectTensor(RunOp({"MaxPool", {kLine}, Kernel({2}, {{"dilations", Ints{2}}})}), {1, 1, 3},
               {2, 5, 3});
}

TEST(MaxPool, CeilModeKeepsTheLastPartWindow) {
  const auto run = [](std::int64_t ceil) {
    return RunOp({"MaxPool", {kLine}, Kernel({2}, {{"strides", Ints{2}}, {"ceil_mode", ceil}})});
  };
  ExpectTensor(run(0), {1, 1, 2}, {5, 4});
  ExpectTensor(run(1), {1, 1, 3}, {5, 4, 3});
}

TEST(MaxPool, CeilModeDropsAWindowThatStartsInTheEndPadding) {
  const Items items = Kernel({1}, {{"strides", Ints{2}}, {"ceil_mode", std::int64_t{1}}});
  ExpectTensor(RunOp({"MaxPool", {F({1, 1, 2}, {1, 2})}, items}), {1, 1, 1}, {1});
}

TEST(MaxPool, SamePaddingGivesTheCeilingOfTheQuotient) {
  const Items items = Kernel({2}, {{"strides", Ints{2}}, {"auto_pad", std::string("SAME_LOWER")}});
  ExpectTensor(RunOp({"MaxPool", {kLine}, items}), {1, 1, 3}, {1, 5, 4});
}

TEST(AveragePool, PaddingCountsOnlyWhenIncluded) {
  const auto run = [](std::int64_t include) {
    return RunOp({"AveragePool",
                  {F({1, 1, 2}, {4, 8})},
                  Kernel({2}, {{"pads", Ints{1, 1}}, {"count_include_pad", include}})});
  };
  ExpectTensor(run(0), {1, 1, 3}, {4, 6, 8});
  ExpectTensor(run(1), {1, 1, 3}, {2, 6, 4});
}

TEST(AveragePool, APartWindowOfCeilModeCountsWhatItCovers) {
  for (const std::int64_t include : {0, 1}) {
    const Items items = Kernel(
        {2},
        {{"strides", Ints{2}}, {"ceil_mode", std::int64_t{1}}, {"count_include_pad", include}});
    ExpectTensor(RunOp({"AveragePool", {kLine}, items}), {1, 1, 3}, {3, 3, 3});
  }
}

TEST(GlobalPools, CoverAllSpatialAxes) {
  const Tensor x = Count({2, 1, 2, 2});
  ExpectTensor(RunOp({"GlobalAveragePool", {x}}), {2, 1, 1, 1}, {1.5F, 5.5F});
  ExpectTensor(RunOp({"GlobalMaxPool", {x}}), {2, 1, 1, 1}, {3, 7});
}

TEST(Reductions, OverAxesWithAndWithoutKeptExtents) {
  const Tensor x = Count({2, 3});
  const std::int64_t drop = 0;
  ExpectTensor(RunOp({"ReduceMean", {x}, {{"axes", Ints{-1}}}}), {2, 1}, {1, 4});
  ExpectTensor(RunOp({"ReduceMean", {x}, {{"axes", Ints{0}}, {"keepdims", drop}}}), {3},
               {1.5F, 2.5F, 3.5F});
  ExpectTensor(RunOp({"ReduceMean", {x}, {{"keepdims", drop}}}), {}, {2.5F});
  ExpectTensor(RunOp({"ReduceMax", {x}, {{"axes", Ints{1}}}}), {2, 1}, {2, 5});
  ExpectTensor(RunOp({"ReduceSum", {x, I({1})}}), {2, 1}, {3, 12});
  ExpectTensor(RunOp({"ReduceSum", {x}, {{"keepdims", drop}}}), {}, {15});
  const Items noop = {{"noop_with_empty_axes", std::int64_t{1}}};
  ExpectTensor(RunOp({"ReduceSum", {x}, noop}), {2, 3}, {0, 1, 2, 3, 4, 5});
}

}  // namespace
}  // namespace bw
