#include "bitwright/graph/ops/tflite_integer.h"

#include <gtest/gtest.h>

#include <random>

#include "bitwright/graph/ops/run_op.h"

namespace bw {
namespace {

using ops::tflite::MakeMultiplier;
using ops::tflite::Multiplier;
using ops::tflite::Times;

Tensor Codes(Shape shape, const std::vector<std::int8_t>& codes) {
  return Tensor::From<std::int8_t>(std::move(shape), codes);
}

std::vector<int> CodesOf(const Tensor& tensor) {
  const auto span = tensor.span<std::int8_t>();
  return {span.begin(), span.end()};
}

// The two roundings, on exact quotients: ties up, then ties away from zero.
std::int64_t TwiceRounded(std::int64_t x, const Multiplier& by) {
  const __int128 product =
      static_cast<__int128>(x) * by.significand * (__int128{1} << std::max(by.exponent, 0));
  const __int128 unit = __int128{1} << 31;
  __int128 first = (product + unit / 2) / unit;
  if ((product + unit / 2) % unit < 0) --first;  // the floor
  const __int128 divisor = __int128{1} << std::max(-by.exponent, 0);
  const __int128 magnitude = ((first < 0 ? -first : first) * 2 + divisor) / (2 * divisor);
  return static_cast<std::int64_t>(first < 0 ? -magnitude : magnitude);
}

TEST(TfliteInteger, MultipliersAreTheNearestOf31Bits) {
  EXPECT_EQ(MakeMultiplier(0.25).significand, 1 << 30);
  EXPECT_EQ(MakeMultiplier(0.25).exponent, -1);
  EXPECT_EQ(MakeMultiplier(0.75).significand, 3 << 29);
  EXPECT_EQ(MakeMultiplier(0.75).exponent, 0);
  EXPECT_EQ(MakeMultiplier(1.0 - 1e-12).significand, 1 << 30);
  EXPECT_EQ(MakeMultiplier(1.0 - 1e-12).exponent, 1);
  EXPECT_EQ(MakeMultiplier(0).significand, 0);
  EXPECT_EQ(MakeMultiplier(1e-12).significand, 0);
}

TEST(TfliteInteger, ProductsAreRoundedTwice) {
  std::mt19937 random(1);
  std::uniform_int_distribution<std::int32_t> sums(-(1 << 24), 1 << 24);
  std::uniform_real_distribution<double> powers(-20, 4);
  for (int i = 0; i < 20000; ++i) {
    const Multiplier by = MakeMultiplier(std::exp2(powers(random)));
    const std::int32_t x = sums(random);
    ASSERT_EQ(Times(x, by), TwiceRounded(x, by))
        << x << " " << by.significand << " " << by.exponent;
  }
}

TEST(TfliteInteger, ThirteenQuartersAreFour) {
  EXPECT_EQ(Times(13, MakeMultiplier(0.25)), 4);  // 6.5 up to 7, 3.5 to 4
  EXPECT_EQ(Times(-3, MakeMultiplier(0.25)), -1);
}

TEST(TfliteInteger, SumsOfOtherScalesAreNearTheRealOnes) {
  Items items = {{"input_scale", 0.11F},  {"input_zero", std::int64_t{4}},
                 {"other_scale", 0.037F}, {"other_zero", std::int64_t{-9}},
                 {"output_scale", 0.2F},  {"output_zero", std::int64_t{-20}}};
  for (int a = -128; a < 128; a += 3) {
    for (int b = -128; b < 128; b += 5) {
      const Tensor y = RunOp({.op = "TfliteAdd",
                              .inputs = {Codes({1}, {static_cast<std::int8_t>(a)}),
                                         Codes({1}, {static_cast<std::int8_t>(b)})},
                              .attributes = items,
                              .domain = "bitwright"});
      const double real = 0.11 * (a - 4) + 0.037 * (b + 9);
      EXPECT_NEAR(CodesOf(y)[0], std::clamp(real / 0.2 - 20, -128.0, 127.0), 0.501);
    }
  }
}

TEST(TfliteInteger, ActivationsBoundCodes) {
  const auto add = [](const std::string& activation) {
    return CodesOf(RunOp({.op = "TfliteAdd",
                          .inputs = {Codes({3}, {-100, 10, 100}), Codes({1}, {0})},
                          .attributes = {{"input_scale", 0.1F},
                                         {"other_scale", 0.1F},
                                         {"output_scale", 0.1F},
                                         {"activation", activation}},
                          .domain = "bitwright"}));
  };
  EXPECT_EQ(add("none"), (std::vector<int>{-100, 10, 100}));
  EXPECT_EQ(add("relu"), (std::vector<int>{0, 10, 100}));
  EXPECT_EQ(add("relu6"), (std::vector<int>{0, 10, 60}));
  EXPECT_EQ(add("relu_n1_to_1"), (std::vector<int>{-10, 10, 10}));
}

TEST(TfliteInteger, PoolsRoundAwayFromZeroAndIgnorePadding) {
  const auto pool = [](const std::string& op) {
    return CodesOf(RunOp({.op = op,
                          .inputs = {Codes({1, 3, 1, 2}, {1, -1, 2, -2, 7, -8})},
                          .attributes = {{"kernel_shape", Ints{2, 1}},
                                         {"strides", Ints{2, 1}},
                                         {"pads", Ints{0, 0, 1, 0}}},
                          .domain = "bitwright"}));
  };
  EXPECT_EQ(pool("TfliteAveragePool2D"), (std::vector<int>{2, -2, 7, -8}));
  EXPECT_EQ(pool("TfliteMaxPool2D"), (std::vector<int>{2, -1, 7, -8}));
}

TEST(TfliteInteger, ConvolutionsScaleEachChannel) {
  const Items items = {{"input_scale", 1.0F},
                       {"input_zero", std::int64_t{-128}},
                       {"output_scale", 1.0F},
                       {"weight_scales", std::vector<float>{1, 0.5F}}};
  const Tensor x = Codes({1, 1, 2, 1}, {-127, -120});  // 1 and 8 above zero
  const Tensor bias = Tensor::From<std::int32_t>({2}, std::vector<std::int32_t>{0, 3});
  const Tensor y = RunOp({.op = "TfliteConv2D",
                          .inputs = {x, Codes({2, 1, 2, 1}, {1, 2, -1, 1}), bias},
                          .attributes = items,
                          .domain = "bitwright"});
  EXPECT_EQ(CodesOf(y), (std::vector<int>{17, 5}));  // 1 + 16; (-1 + 8 + 3) / 2
  const Tensor z = RunOp({.op = "TfliteDepthwiseConv2D",
                          .inputs = {x, Codes({1, 1, 2, 2}, {1, -1, 2, 1}), bias},
                          .attributes = items,
                          .domain = "bitwright"});
  EXPECT_EQ(CodesOf(z), (std::vector<int>{17, 5}));
}

TEST(TfliteInteger, SoftmaxIsWithinAStepOfTheRealOne) {
  std::mt19937 random(2);
  for (const float scale : {0.02F, 0.1F, 0.5F}) {
    std::vector<std::int8_t> codes(12);
    for (auto& code : codes)
      code = static_cast<std::int8_t>(static_cast<int>(random() % 256) - 128);
    double sum = 0;
    for (const auto code : codes) sum += std::exp(static_cast<double>(scale) * code);
    const auto y = CodesOf(RunOp({.op = "TfliteSoftmax",
                                  .inputs = {Codes({1, 12}, codes)},
                                  .attributes = {{"input_scale", scale}},
                                  .domain = "bitwright"}));
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const double real = std::exp(static_cast<double>(scale) * codes[i]) / sum;
      EXPECT_NEAR(y[i], std::min(real * 256 - 128, 127.0), 0.51) << scale << " " << i;
    }
  }
}

TEST(TfliteInteger, MeansAreNearTheRealOnes) {
  const auto y = CodesOf(RunOp({.op = "TfliteMean",
                                .inputs = {Codes({1, 3, 1, 2}, {10, -20, 20, -30, 33, -70})},
                                .attributes = {{"axes", Ints{1, 2}},
                                               {"input_scale", 0.5F},
                                               {"input_zero", std::int64_t{4}},
                                               {"output_scale", 0.25F}},
                                .domain = "bitwright"}));
  EXPECT_EQ(y, (std::vector<int>{34, -88}));  // 2 * (21 - 4), 2 * (-40 - 4)
}

TEST(TfliteInteger, QuantizingRoundsAwayFromZeroAndSaturates) {
  const Tensor y = RunOp({.op = "TfliteQuantize",
                          .inputs = {F({0.25F, -0.25F, 0.3F, 1e9F, -1e9F})},
                          .attributes = {{"output_scale", 0.5F}, {"output_zero", std::int64_t{3}}},
                          .domain = "bitwright"});
  EXPECT_EQ(CodesOf(y), (std::vector<int>{4, 2, 4, 127, -128}));
}

TEST(TfliteInteger, RefusalsSayWhatIsAllowed) {
  const auto refusal = [](Items items) {
    return Refusal({.op = "TfliteAdd",
                    .inputs = {Codes({1}, {0}), Codes({1}, {0})},
                    .attributes = std::move(items),
                    .domain = "bitwright"});
  };
  EXPECT_EQ(refusal({{"input_scale", 0.0F}}), "input_scale is 0, it must be positive and finite");
  EXPECT_EQ(refusal({{"output_zero", std::int64_t{128}}}),
            "output_zero is 128, allowed for int8 are -128 to 127");
  EXPECT_EQ(refusal({{"activation", std::string("gelu")}}),
            "activation is 'gelu', allowed: none, relu, relu6, relu_n1_to_1");
}

}  // namespace
}  // namespace bw
