#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "bitwright/tensor/group_runs.h"
#include "bitwright/tensor/qtensor.h"

namespace bw {
namespace {

std::string MessageOf(const Grain& grain, const Shape& shape) {
  const Expected<Grouping> grouping = MakeGrouping(grain, shape);
  return grouping ? "no error" : grouping.error().message;
}

// The group of an element from its coordinates: each scale_shape dimension divides the matching one
// of `view`.
std::int64_t GroupByBroadcast(const Shape& view, const Shape& scale_shape, std::int64_t element) {
  std::int64_t group = 0, stride = 1;
  for (std::size_t axis = view.size(); axis-- > 0;) {
    const std::int64_t coordinate = element % view[axis];
    element /= view[axis];
    group += coordinate / (view[axis] / scale_shape[axis]) * stride;
    stride *= scale_shape[axis];
  }
  return group;
}

void ExpectBroadcast(const Grouping& grouping, const Shape& view) {
  ASSERT_EQ(grouping.scale_shape.size(), view.size());
  EXPECT_EQ(grouping.groups(), ElementCount(grouping.scale_shape));
  for (std::int64_t i = 0; i < ElementCount(view); ++i) {
    ASSERT_EQ(grouping.GroupOf(i), GroupByBroadcast(view, grouping.scale_shape, i)) << i;
  }
}

TEST(Grouping, PerTensorIsOneGroup) {
  for (const Shape& shape : {Shape{}, Shape{7}, Shape{2, 3, 4}, Shape{0}}) {
    const Grouping grouping = *MakeGrouping(PerTensor{}, shape);
    EXPECT_EQ(grouping.groups(), 1);
    EXPECT_TRUE(grouping.scale_shape.empty());
    for (std::int64_t i = 0; i < ElementCount(shape); ++i) EXPECT_EQ(grouping.GroupOf(i), 0);
  }
}

TEST(Grouping, PerChannelFollowsItsAxis) {
  const Shape shape = {2, 3, 4, 5};
  for (int axis = 0; axis < 4; ++axis) {
    const Grouping grouping = *MakeGrouping(PerChannel{axis}, shape);
    EXPECT_EQ(grouping.groups(), shape[static_cast<std::size_t>(axis)]);
    ExpectBroadcast(grouping, shape);
  }
}

TEST(Grouping, RowBlocksDivideTheFlattenedRow) {
  const Grouping grouping = *MakeGrouping(PerBlock{6, -1}, {4, 2, 3, 3});
  EXPECT_EQ(grouping.scale_shape, (Shape{4, 3}));
  ExpectBroadcast(grouping, {4, 18});
}

TEST(Grouping, ARowOfAVectorIsTheVector) {
  const Grouping grouping = *MakeGrouping(PerBlock{4, -1}, {12});
  EXPECT_EQ(grouping.scale_shape, (Shape{1, 3}));
  EXPECT_EQ(grouping.GroupOf(7), 1);
}

TEST(Grouping, AxisBlocksDivideTheirAxis) {
  const Shape shape = {2, 6, 3};
  for (const int size : {1, 2, 3, 6}) {
    ExpectBroadcast(*MakeGrouping(PerBlock{size, 1}, shape), shape);
  }
  ExpectBroadcast(*MakeGrouping(PerBlock{3, 2}, shape), shape);
  ExpectBroadcast(*MakeGrouping(PerBlock{2, 0}, shape), shape);
}

// The tile of an element from its coordinates on [outer, rows, columns].
TEST(Grouping, TilesAreCutAtTheEdges) {
  const Grouping grouping = *MakeGrouping(PerTile{2, 4, 1}, {2, 5, 3, 3});
  EXPECT_EQ(grouping.scale_shape, (Shape{2, 3, 3}));
  EXPECT_EQ(grouping.groups(), 18);
  for (std::int64_t i = 0; i < 2 * 5 * 9; ++i) {
    const std::int64_t image = i / 45, row = i / 9 % 5, column = i % 9;
    ASSERT_EQ(grouping.GroupOf(i), image * 9 + row / 2 * 3 + column / 4) << i;
  }
}

TEST(Grouping, TilesOfAMatrixAndOfAVector) {
  const Grouping matrix = *MakeGrouping(PerTile{4, 8, 0}, {8, 16});
  EXPECT_EQ(matrix.scale_shape, (Shape{2, 2}));
  EXPECT_EQ(matrix.GroupOf(4 * 16 + 7), 2);
  EXPECT_EQ(matrix.GroupOf(4 * 16 + 8), 3);
  EXPECT_EQ(MakeGrouping(PerTile{4, 8, 0}, {6})->scale_shape, (Shape{2, 1}));
  EXPECT_EQ(MakeGrouping(PerTile{64, 64, 0}, {6, 7})->groups(), 1);
}

TEST(GroupingErrors, BlockThatDoesNotDivideOffersThoseThatDo) {
  EXPECT_EQ(MessageOf(PerBlock{48, -1}, {10, 512}),
            "its rows have 512 elements, not a multiple of 48; try b32 or b64");
  EXPECT_EQ(MessageOf(PerBlock{48, 1}, {10, 512, 3}),
            "its axis 1 has 512 elements, not a multiple of 48; try b32@1 or b64@1");
  EXPECT_EQ(MessageOf(PerBlock{1024, -1}, {10, 512}),
            "its rows have 512 elements, not a multiple of 1024; try b512");
  EXPECT_EQ(MessageOf(PerBlock{4, -1}, {10, 7}),
            "its rows have 7 elements, not a multiple of 4; try b1 or b7");
}

TEST(GroupingErrors, AxisThatDoesNotExist) {
  EXPECT_EQ(MessageOf(PerChannel{2}, {3, 4}), "axis 2 does not exist, shape [3,4] has axes 0 to 1");
  EXPECT_EQ(MessageOf(PerBlock{2, 5}, {4}), "axis 5 does not exist, shape [4] has axes 0 to 0");
  EXPECT_EQ(MessageOf(PerTile{2, 2, 1}, {4}), "axis 1 does not exist, shape [4] has axes 0 to 0");
  EXPECT_EQ(MessageOf(PerChannel{0}, {}), "axis 0 does not exist, a scalar has no axes; try t");
}

RC_GTEST_PROP(ForEachRun, CoversEveryElementInOrderWithItsGroup, ()) {
  const Shape shape = *rc::gen::container<Shape>(3, rc::gen::inRange<std::int64_t>(0, 5));
  const int axis = *rc::gen::inRange(0, 3);
  const Grain grain = *rc::gen::element<Grain>(
      PerTensor{}, PerChannel{axis}, PerBlock{1, axis}, PerBlock{2, axis}, PerBlock{2, -1},
      PerBlock{3, -1}, PerTile{2, 3, axis}, PerTile{3, 2, axis}, PerTile{2, 1, axis});
  const Expected<Grouping> grouping = MakeGrouping(grain, shape);
  RC_PRE(grouping.has_value());
  std::size_t next = 0;
  ForEachRun(*grouping, [&](const GroupRun& run) {
    RC_ASSERT(run.begin == next);
    for (std::size_t i = 0; i < run.size; ++i, ++next) {
      const auto group =
          static_cast<std::size_t>(grouping->GroupOf(static_cast<std::int64_t>(next)));
      RC_ASSERT(group == run.group + i * run.step);
    }
  });
  RC_ASSERT(next == static_cast<std::size_t>(ElementCount(shape)));
}

}  // namespace
}  // namespace bw
