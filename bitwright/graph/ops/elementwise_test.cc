#include <cmath>
#include <limits>
#include <numeric>

#include "bitwright/graph/ops/run_op.h"

namespace bw {
namespace {

Tensor Unary(const char* op, const std::vector<float>& x, Items items = {}) {
  return RunOp({op, {F(x)}, std::move(items)});
}

TEST(Unary, ValuesByHand) {
  ExpectTensor(Unary("Relu", {-1, 0, 2}), {3}, {0, 0, 2});
  ExpectTensor(Unary("Abs", {-1, 0, 2}), {3}, {1, 0, 2});
  ExpectTensor(Unary("Neg", {-1, 2}), {2}, {1, -2});
  ExpectTensor(Unary("Floor", {-1.5F, 1.5F}), {2}, {-2, 1});
  ExpectTensor(Unary("Ceil", {-1.5F, 1.5F}), {2}, {-1, 2});
  ExpectTensor(Unary("Reciprocal", {-2, 4}), {2}, {-0.5F, 0.25F});
  ExpectTensor(Unary("Sqrt", {4, 2.25F}), {2}, {2, 1.5F});
  ExpectTensor(Unary("HardSwish", {-4, -1.5F, 0, 3, 5}), {5}, {0, -0.375F, 0, 3, 5});
  ExpectNear(Unary("Sigmoid", {0, 2, -2}), {0.5F, 0.880797F, 0.119203F});
  ExpectNear(Unary("Tanh", {0, 1, -1}), {0, 0.761594F, -0.761594F});
  ExpectNear(Unary("Softplus", {0, 100, -100}), {0.693147F, 100, 0});
  ExpectNear(Unary("Erf", {0, 0.5F, -1}), {0, 0.520500F, -0.842701F});
  ExpectNear(Unary("Exp", {0, 1}), {1, 2.718282F});
  ExpectNear(Unary("Log", {1, 10}), {0, 2.302585F});
}

TEST(Unary, AttributesShapeTheCurve) {
  ExpectNear(Unary("LeakyRelu", {-1, 2}), {-0.01F, 2});
  ExpectNear(Unary("LeakyRelu", {-1, 2}, {{"alpha", 0.5F}}), {-0.5F, 2});
  ExpectNear(Unary("Elu", {-1, 2}, {{"alpha", 2.0F}}), {-1.264241F, 2});
  ExpectNear(Unary("Selu", {-1, 2}), {-1.111331F, 2.101402F});
  ExpectNear(Unary("HardSigmoid", {-3, 0, 1, 3}), {0, 0.5F, 0.7F, 1});
  ExpectNear(Unary("HardSigmoid", {1}, {{"alpha", 0.1F}, {"beta", 0.3F}}), {0.4F});
}

TEST(Unary, NanStaysNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const char* op : {"Relu", "Abs", "Sigmoid", "Clip", "LeakyRelu"}) {
    EXPECT_TRUE(std::isnan(Unary(op, {nan}).span<float>()[0])) << op;
  }
}

TEST(Binary, BroadcastsLikeNumpy) {
  const Tensor column = F({2, 1}, {10, 20}), row = F({1, 2, 3});
  ExpectTensor(RunOp({"Add", {column, row}}), {2, 3}, {11, 12, 13, 21, 22, 23});
  ExpectTensor(RunOp({"Sub", {row, column}}), {2, 3}, {-9, -8, -7, -19, -18, -17});
  ExpectTensor(RunOp({"Mul", {F({}, {2}), row}}), {3}, {2, 4, 6});
  ExpectTensor(RunOp({"Div", {column, F({4})}}), {2, 1}, {2.5F, 5});
  ExpectTensor(RunOp({"Min", {row, F({2})}}), {3}, {1, 2, 2});
  ExpectTensor(RunOp({"Max", {row, F({2})}}), {3}, {2, 2, 3});
  ExpectTensor(RunOp({"Pow", {row, I({2})}}), {3}, {1, 4, 9});
}

TEST(Binary, MiddleAxisBroadcasts) {
  const Tensor y = RunOp({"Add", {Count({2, 2, 2}), F({2, 1, 2}, {0, 100, 200, 300})}});
  ExpectTensor(y, {2, 2, 2}, {0, 101, 2, 103, 204, 305, 206, 307});
}

TEST(Binary, IntegersDivideTowardsZeroAndNeverTrap) {
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  const Tensor y = RunOp({"Div", {I({7, -7, 7, 5, least}), I({2, 2, -2, 0, -1})}});
  EXPECT_EQ(Elements<std::int64_t>(y), (Ints{3, -3, -3, 0, least}));
  const Tensor bytes =
      RunOp({"Div",
             {Tensor::From<std::uint8_t>({2}, std::vector<std::uint8_t>{255, 7}),
              Tensor::From<std::uint8_t>({2}, std::vector<std::uint8_t>{255, 2})}});
  EXPECT_EQ(Elements<std::uint8_t>(bytes), (std::vector<std::uint8_t>{1, 3}));
}

TEST(Binary, IntegersWrap) {
  const Tensor a = Tensor::From<std::int8_t>({1}, std::vector<std::int8_t>{127});
  const Tensor b = Tensor::From<std::int8_t>({1}, std::vector<std::int8_t>{1});
  EXPECT_EQ(RunOp({"Add", {a, b}}).span<std::int8_t>()[0], -128);
  EXPECT_EQ(Elements<std::int64_t>(RunOp({"Mul", {I({3}), I({-4})}})), (Ints{-12}));
}

TEST(Clip, BoundsAreOptional) {
  const Tensor x = F({-1, 0.5F, 9});
  ExpectTensor(RunOp({"Clip", {x, F({}, {0}), F({}, {6})}}), {3}, {0, 0.5F, 6});
  ExpectTensor(RunOp({"Clip", {x, std::nullopt, F({}, {6})}}), {3}, {-1, 0.5F, 6});
  ExpectTensor(RunOp({"Clip", {x, F({}, {0})}}), {3}, {0, 0.5F, 9});
  ExpectTensor(RunOp({"Clip", {x, F({}, {5}), F({}, {2})}}), {3}, {2, 2, 2});
}

TEST(PRelu, SlopeIsPerChannel) {
  const Tensor x = F({1, 2, 2}, {-1, 1, -1, 1}), slope = F({2, 1}, {0.5F, 2});
  ExpectTensor(RunOp({"PRelu", {x, slope}}), {1, 2, 2}, {-0.5F, 1, -2, 1});
}

TEST(BatchNormalization, NormalizesEachChannel) {
  const Tensor y =
      RunOp({"BatchNormalization",
             {F({2, 2, 1}, {1, 2, 3, 4}), F({2, 10}), F({1, -1}), F({1, 0}), F({4, 1})},
             {{"epsilon", 0.0F}}});
  ExpectTensor(y, {2, 2, 1}, {1, 19, 3, 39});
}

TEST(Lrn, SquaresOfNeighbouringChannels) {
  const Items items = {{"size", std::int64_t{3}}, {"alpha", 3.0F}, {"beta", 1.0F}, {"bias", 1.0F}};
  ExpectNear(RunOp({"LRN", {F({1, 3, 1}, {1, 2, 3})}, items}), {1.0F / 6, 2.0F / 15, 3.0F / 14});
}

TEST(Cast, RoundsTowardsZeroAndSaturates) {
  const auto to = [](const Tensor& x, std::int64_t type) {
    return RunOp({"Cast", {x}, {{"to", type}}});
  };
  const Tensor x = F({-1.5F, 2.9F, 300, std::numeric_limits<float>::quiet_NaN(), 1e30F});
  EXPECT_EQ(Elements<std::uint8_t>(to(x, 2)), (std::vector<std::uint8_t>{0, 2, 255, 0, 255}));
  EXPECT_EQ(Elements<std::int64_t>(to(x, 7)),
            (Ints{-1, 2, 300, 0, std::numeric_limits<std::int64_t>::max()}));
  EXPECT_EQ(Elements<std::int32_t>(to(F({-1e30F, 2147483648.0F}), 6)),
            (std::vector<std::int32_t>{std::numeric_limits<std::int32_t>::min(),
                                       std::numeric_limits<std::int32_t>::max()}));
  EXPECT_EQ(Elements<float>(to(to(I({0, 5}), 9), 1)), (std::vector<float>{0, 1}));
}

TEST(Where, PicksByConditionAndEqualMakesOne) {
  const Tensor condition = RunOp({"Equal", {I({1, 2, 3}), I({2})}});
  EXPECT_EQ(condition.dtype(), DType::kBool);
  ExpectTensor(RunOp({"Where", {condition, F({2, 1}, {1, 2}), F({7})}}), {2, 3},
               {7, 1, 7, 7, 2, 7});
}

TEST(Softmax, AlongTheAxisWithoutOverflow) {
  const Tensor x = F({2, 2}, {1000, 1000, 0, std::log(3.0F)});
  ExpectNear(RunOp({"Softmax", {x}}), {0.5F, 0.5F, 0.25F, 0.75F});
  ExpectNear(RunOp({"LogSoftmax", {x}}), {-0.693147F, -0.693147F, -1.386294F, -0.287682F});
  ExpectNear(RunOp({"Softmax", {F({2, 2}, {0, 5, 0, 5})}, {{"axis", std::int64_t{0}}}}),
             {0.5F, 0.5F, 0.5F, 0.5F});
}

TEST(DequantizeLinear, TakesABlockLongerThanItsAxis) {
  const Items items = {{"axis", std::int64_t{0}},
                       {"block_size", std::numeric_limits<std::int64_t>::max()}};
  Tensor codes(DType::kInt32, {2, 2});
  const std::span<std::int32_t> to = codes.span<std::int32_t>();
  std::iota(to.begin(), to.end(), 3);
  const OneNode node{"DequantizeLinear", {codes, F({1, 2}, {1, 2})}, items};
  ExpectTensor(RunOp(node), {2, 2}, {3, 8, 5, 12});
}

TEST(FakeQuantize, RoundsToTheSpecAndSaturates) {
  const Items items = {{"spec", std::string("int4")}, {"scale", 0.5F}};
  const OneNode node{"FakeQuantize", {F({0.2F, 0.3F, -9, 9, 1})}, items, 1, 99, "bitwright"};
  ExpectTensor(RunOp(node), {5}, {0, 0.5F, -4, 3.5F, 1});
}

TEST(FakeQuantize, ZeroPointShiftsTheRange) {
  const Items items = {
      {"spec", std::string("uint4:asym")}, {"scale", 1.0F}, {"zero", std::int64_t{5}}};
  const OneNode node{"FakeQuantize", {F({-9, -5, 0, 10, 11})}, items, 1, 99, "bitwright"};
  ExpectTensor(RunOp(node), {5}, {-5, -5, 0, 10, 10});
}

}  // namespace
}  // namespace bw
