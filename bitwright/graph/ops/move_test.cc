#include <limits>

#include "bitwright/graph/ops/run_op.h"

namespace bw {
namespace {

TEST(Concat, OnAnyAxis) {
  const Tensor a = F({2, 1}, {1, 2}), b = F({2, 2}, {3, 4, 5, 6});
  ExpectTensor(RunOp({"Concat", {a, b}, {{"axis", std::int64_t{-1}}}}), {2, 3}, {1, 3, 4, 2, 5, 6});
  ExpectTensor(RunOp({"Concat", {b, b}, {{"axis", std::int64_t{0}}}}), {4, 2},
               {3, 4, 5, 6, 3, 4, 5, 6});
}

TEST(Split, EquallyOrAsTold) {
  const Tensor x = Count({2, 4});
  auto equal = RunOps({"Split", {x}, {{"axis", std::int64_t{1}}}, 2});
  ExpectTensor(equal[0], {2, 2}, {0, 1, 4, 5});
  ExpectTensor(equal[1], {2, 2}, {2, 3, 6, 7});
  auto told = RunOps({"Split", {x, I({1, 3})}, {{"axis", std::int64_t{1}}}, 2});
  ExpectTensor(told[0], {2, 1}, {0, 4});
  ExpectTensor(told[1], {2, 3}, {1, 2, 3, 5, 6, 7});
}

Tensor Sliced(const Tensor& x, std::int64_t start, std::int64_t end, std::int64_t step) {
  return RunOp({"Slice", {x, I({start}), I({end}), I({0}), I({step})}});
}

TEST(Slice, PositionsClampAndStepsMayBeNegative) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const Tensor x = F({0, 1, 2, 3, 4});
  ExpectTensor(Sliced(x, 1, -1, 2), {2}, {1, 3});
  ExpectTensor(Sliced(x, -2, kMost, 1), {2}, {3, 4});
  ExpectTensor(Sliced(x, -1, -kMost - 1, -1), {5}, {4, 3, 2, 1, 0});
  ExpectTensor(Sliced(x, 3, 0, -2), {2}, {3, 1});
  ExpectTensor(Sliced(x, 9, 9, 1), {0}, {});
  ExpectTensor(Sliced(x, kMost, -kMost, -kMost - 1), {1}, {4});
}

TEST(Slice, AxesDefaultToTheFirst) {
  ExpectTensor(RunOp({"Slice", {Count({2, 3}), I({1}), I({2})}}), {1, 3}, {3, 4, 5});
  ExpectTensor(RunOp({"Slice", {Count({2, 3}), I({2, 0}), I({3, 1}), I({1, 0})}}), {1, 1}, {2});
}

TEST(Pad, ConstantReflectAndEdge) {
  const Tensor x = F({1, 2, 3});
  const auto run = [&](const char* mode, const Ints& pads) {
    return RunOp({"Pad", {x, I(pads)}, {{"mode", std::string(mode)}}});
  };
  ExpectTensor(run("constant", {1, 2}), {6}, {0, 1, 2, 3, 0, 0});
  ExpectTensor(run("reflect", {2, 1}), {6}, {3, 2, 1, 2, 3, 2});
  ExpectTensor(run("edge", {2, 1}), {6}, {1, 1, 1, 2, 3, 3});
  ExpectTensor(run("constant", {-1, 1}), {3}, {2, 3, 0});
  ExpectTensor(RunOp({"Pad", {x, I({0, 1}), F({}, {7})}}), {4}, {1, 2, 3, 7});
}

TEST(Pad, TwoAxesListBeginsFirst) {
  ExpectTensor(RunOp({"Pad", {F({1, 2}, {1, 2}), I({1, 0, 0, 1})}}), {2, 3}, {0, 0, 0, 1, 2, 0});
}

TEST(Reshape, ZeroCopiesAndMinusOneInfers) {
  const Tensor x = Count({2, 3, 4});
  EXPECT_EQ(RunOp({"Reshape", {x, I({0, -1})}}).shape(), (Shape{2, 12}));
  EXPECT_EQ(RunOp({"Reshape", {x, I({24})}}).shape(), (Shape{24}));
  const Items zero = {{"allowzero", std::int64_t{1}}};
  EXPECT_EQ(RunOp({"Reshape", {Count({0, 3}), I({5, 0})}, zero}).shape(), (Shape{5, 0}));
  EXPECT_EQ(Elements<float>(RunOp({"Reshape", {x, I({4, 6})}})), Elements<float>(x));
}

TEST(Flatten, SplitsAtTheAxis) {
  const auto shape = [](std::int64_t axis) {
    return RunOp({"Flatten", {Count({2, 3, 4})}, {{"axis", axis}}}).shape();
  };
  EXPECT_EQ(shape(1), (Shape{2, 12}));
  EXPECT_EQ(shape(0), (Shape{1, 24}));
  EXPECT_EQ(shape(3), (Shape{24, 1}));
  EXPECT_EQ(shape(-1), (Shape{6, 4}));
}

TEST(Squeeze, DropsAndUnsqueezeAdds) {
  const Tensor x = Count({1, 2, 1});
  EXPECT_EQ(RunOp({"Squeeze", {x}}).shape(), (Shape{2}));
  EXPECT_EQ(RunOp({"Squeeze", {x, I({-1})}}).shape(), (Shape{1, 2}));
  EXPECT_EQ(RunOp({"Unsqueeze", {F({1, 2}), I({-1, 0})}}).shape(), (Shape{1, 2, 1}));
}

TEST(Transpose, ReversesOrPermutes) {
  ExpectTensor(RunOp({"Transpose", {Count({2, 3})}}), {3, 2}, {0, 3, 1, 4, 2, 5});
  ExpectTensor(RunOp({"Transpose", {Count({1, 2, 3})}, {{"perm", Ints{2, 0, 1}}}}), {3, 1, 2},
               {0, 3, 1, 4, 2, 5});
}

TEST(Gather, KeepsTheShapeOfTheIndices) {
  const Tensor x = Count({2, 3});
  ExpectTensor(RunOp({"Gather", {x, I({}, {-1})}}), {3}, {3, 4, 5});
  ExpectTensor(RunOp({"Gather", {x, I({1, 2}, {2, 0})}, {{"axis", std::int64_t{1}}}}), {2, 1, 2},
               {2, 0, 5, 3});
}

TEST(Gather, ClampsIndicesThatAreComputedFromData) {
  OneNode node{"Gather", {F({1, 2, 3}), I({-9, 9})}};
  node.known = 0;
  ExpectTensor(RunOp(node), {2}, {1, 3});
}

TEST(Expand, BroadcastsBothWays) {
  ExpectTensor(RunOp({"Expand", {F({2, 1}, {1, 2}), I({1, 2})}}), {2, 2}, {1, 1, 2, 2});
  EXPECT_EQ(RunOp({"Expand", {F({1}), I({2, 3})}}).shape(), (Shape{2, 3}));
}

TEST(Shape, FromStartToEnd) {
  const auto run = [](Items items) {
    return Elements<std::int64_t>(RunOp({"Shape", {Count({2, 3, 4})}, std::move(items)}));
  };
  EXPECT_EQ(run({}), (Ints{2, 3, 4}));
  EXPECT_EQ(run({{"start", std::int64_t{1}}, {"end", std::int64_t{-1}}}), (Ints{3}));
  EXPECT_EQ(run({{"start", std::int64_t{2}}, {"end", std::int64_t{1}}}), Ints());
}

TEST(Constants, HoldTheirAttribute) {
  ExpectTensor(RunOp({"Constant", {}, {{"value", F({1, 2})}}}), {2}, {1, 2});
  ExpectTensor(RunOp({"Constant", {}, {{"value_float", 3.0F}}}), {}, {3});
  EXPECT_EQ(RunOp({"Constant", {}, {{"value_ints", Ints{4, 5}}}}).shape(), (Shape{2}));
  ExpectTensor(RunOp({"ConstantOfShape", {I({2})}}), {2}, {0, 0});
  const Tensor filled = RunOp({"ConstantOfShape", {I({2})}, {{"value", I({7})}}});
  EXPECT_EQ(Elements<std::int64_t>(filled), (Ints{7, 7}));
}

TEST(Dropout, IsTheIdentityWithAFullMask) {
  const auto outputs = RunOps({"Dropout", {F({1, 2}), F({}, {0.5F})}, {}, 2});
  ExpectTensor(outputs[0], {2}, {1, 2});
  EXPECT_EQ(Elements<bool>(outputs[1]), (std::vector<bool>{true, true}));
  ExpectTensor(RunOp({"Identity", {F({1, 2})}}), {2}, {1, 2});
}

Tensor Resized(const std::vector<float>& x, std::int64_t size, Items items) {
  const auto width = static_cast<std::int64_t>(x.size());
  return RunOp({"Resize",
                {F({1, 1, width}, x), std::nullopt, std::nullopt, I({1, 1, size})},
                std::move(items)});
}

Items Mode(const char* mode, const char* coordinates, const char* nearest = "round_prefer_floor") {
  return {{"mode", std::string(mode)},
          {"coordinate_transformation_mode", std::string(coordinates)},
          {"nearest_mode", std::string(nearest)}};
}

TEST(Resize, LinearInEveryCoordinateMode) {
  const std::vector<float> x = {0, 4};
  ExpectNear(Resized(x, 4, Mode("linear", "half_pixel")), {0, 1, 3, 4});
  ExpectNear(Resized(x, 4, Mode("linear", "asymmetric")), {0, 2, 4, 4});
  ExpectNear(Resized(x, 5, Mode("linear", "align_corners")), {0, 1, 2, 3, 4});
  ExpectNear(Resized(x, 1, Mode("linear", "half_pixel")), {2});
  ExpectNear(Resized(x, 1, Mode("linear", "pytorch_half_pixel")), {0});
}

TEST(Resize, NearestInEveryRounding) {
  // asymmetric to 6 from 4: positions 0, 2/3, 4/3, 2, 8/3, 10/3
  const std::vector<float> x = {0, 1, 2, 3};
  ExpectNear(Resized(x, 6, Mode("nearest", "asymmetric", "floor")), {0, 0, 1, 2, 2, 3});
  ExpectNear(Resized(x, 6, Mode("nearest", "asymmetric", "ceil")), {0, 1, 2, 2, 3, 3});
  ExpectNear(Resized(x, 6, Mode("nearest", "asymmetric")), {0, 1, 1, 2, 3, 3});
  // half_pixel to 2 from 4: positions 0.5 and 2.5 are ties
  ExpectNear(Resized(x, 2, Mode("nearest", "half_pixel")), {0, 2});
  ExpectNear(Resized(x, 2, Mode("nearest", "half_pixel", "round_prefer_ceil")), {1, 3});
}

TEST(Resize, ScalesRoundTheExtentDown) {
  const Tensor y = RunOp({"Resize",
                          {F({1, 3}, {1, 2, 3}), std::nullopt, F({1, 1.5F})},
                          Mode("nearest", "asymmetric", "floor")});
  ExpectTensor(y, {1, 4}, {1, 1, 2, 3});
}

TEST(Resize, LinearOnTwoAxesIsSeparable) {
  const Tensor y = RunOp({"Resize",
                          {F({2, 2}, {0, 2, 4, 6}), std::nullopt, std::nullopt, I({3, 3})},
                          Mode("linear", "align_corners")});
  ExpectNear(y, {0, 1, 2, 2, 3, 4, 4, 5, 6});
}

}  // namespace
}  // namespace bw
