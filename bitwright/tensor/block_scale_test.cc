#include "bitwright/tensor/block_scale.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "bitwright/base/rng.h"

namespace bw {
namespace {

QuantParams Scales(std::string_view text, const Shape& shape, const std::vector<float>& values) {
  const QuantSpec spec = *QuantSpec::Parse(text);
  const Expected<QuantParams> params = BlockScales(values, *MakeGrouping(spec.grain, shape), spec);
  EXPECT_TRUE(params.has_value()) << params.error().message;
  return *params;
}

std::string MessageOf(std::string_view text, const std::vector<float>& values) {
  const QuantSpec spec = *QuantSpec::Parse(text);
  const Shape shape = {static_cast<std::int64_t>(values.size())};
  const Expected<QuantParams> params = BlockScales(values, *MakeGrouping(spec.grain, shape), spec);
  return params ? "no error" : params.error().message;
}

// OCP MX: e2m1 has emax 2, e4m3 has 8, e5m2 has 15, int8 (1.xx) has 0 under its implied 2^-6.
TEST(BlockScales, PowersOfTwoFollowTheMxRule) {
  const std::vector<float> values = {0.1f, -5.9f, 1, 0};
  EXPECT_EQ(Scales("e2m1:b4:e8m0", {4}, values).scales[0], 0x1p0f);
  EXPECT_EQ(Scales("e4m3fn:b4:e8m0", {4}, values).scales[0], 0x1p-6f);
  EXPECT_EQ(Scales("e5m2:b4:e8m0", {4}, values).scales[0], 0x1p-13f);
  EXPECT_EQ(Scales("int8:b4:e8m0", {4}, values).scales[0], 0x1p-4f);
}

TEST(BlockScales, PowersOfTwoStayInTheirRange) {
  EXPECT_EQ(Scales("e5m2:b1:e8m0", {2}, {0x1p-149f, 0x1p127f}).scales,
            (std::vector<float>{0x1p-127f, 0x1p112f}));
}

TEST(BlockScales, OneGroupEachWithNonFiniteValuesLeftOut) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> values = {6, std::nanf(""), 3, -kInfinity, 0, 0};
  EXPECT_EQ(Scales("e2m1:b2", {6}, values).scales, (std::vector<float>{1, 0.5f, 1}));
  EXPECT_EQ(Scales("e2m1:m1x1@1", {3, 2}, values).scales.size(), 6u);
}

// The outer scale brings the largest block to the greatest e4m3fn scale, 448.
TEST(BlockScales, Nvfp4HasAFloatForTheTensorAndAnE4m3ForTheBlock) {
  Rng rng(3);
  std::vector<float> values(64);
  for (std::size_t i = 0; i < 64; ++i) {
    values[i] = static_cast<float>(rng.Normal()) * (i < 16 ? 1e-6f : 100.0f);
  }
  values[40] = 500;
  const QuantParams params = Scales("nvfp4", {64}, values);
  EXPECT_FLOAT_EQ(params.tensor_scale, 500.0f / (6 * 448));
  const Format e4m3fn = *Format::Parse("e4m3fn");
  for (const float scale : params.scales) {
    const double inner = static_cast<double>(scale) / static_cast<double>(params.tensor_scale);
    EXPECT_NEAR(e4m3fn.Round(inner), inner, inner * 1e-7);
    EXPECT_GT(scale, 0.0f);
  }
  EXPECT_FLOAT_EQ(params.scales[2], 500.0f / 6);
  EXPECT_FLOAT_EQ(params.scales[0], 0x1p-9f * params.tensor_scale);
}

TEST(BlockScales, ZerosGetOne) {
  for (const std::string_view text : {"int4", "int4:e8m0", "int4:e4m3fn", "int4:e4m3fn*fp32"}) {
    EXPECT_EQ(Scales(text, {2}, {0, 0}).scales[0], 1.0f) << text;
  }
}

TEST(BlockScalesErrors, AScaleThatTheFormatCannotHold) {
  EXPECT_EQ(MessageOf("int4:b1:e4m3fn", {7, 7e4f}),
            "spec 'int4:b1:e4m3fn': group 1: scale format 'e4m3fn' cannot hold the scale, got "
            "10000, allowed is 0.001953125 to 448; try fp32 or e4m3fn*fp32");
  EXPECT_EQ(MessageOf("int4:fp16", {7e-9f}).find("spec 'int4:fp16': group 0: scale format 'fp16'"),
            0u);
  EXPECT_EQ(MessageOf("int4:b1:e4m3fn*fp32", {7, 7e4f}), "no error");
}

TEST(BlockScalesErrors, ZeroPointsAreNotChosenByTheMaximum) {
  EXPECT_EQ(MessageOf("int4:asym", {1}),
            "spec 'int4:asym': scales by the maximum have no zero points, allowed are symmetric "
            "specs");
}

TEST(HoldScale, TakesTheNearestWithinHalfAGapOfTheGreatest) {
  const Format e4m3fn = *Format::Parse("e4m3fn");
  EXPECT_EQ(*HoldScale(463, e4m3fn), 448.0f);
  EXPECT_FALSE(HoldScale(465, e4m3fn).has_value());
  EXPECT_EQ(*HoldScale(0x1.1p-10, e4m3fn), 0x1p-9f);
  EXPECT_FALSE(HoldScale(0x0.fp-10, e4m3fn).has_value());
  EXPECT_FALSE(HoldScale(std::nan(""), e4m3fn).has_value());
  EXPECT_EQ(*HoldScale(1e-40, *Format::Parse("fp32")), 1e-40f);
}

// Blocks of 3 channels at each position of [2, 5, 2, 2], by plain loops; the last has 2.
TEST(FakeQuantizeDynamic, RoundsEachBlockUnderItsOwnScale) {
  const QuantSpec spec = *QuantSpec::Parse("e2m1:m3x1@1:e8m0");
  ASSERT_TRUE(IsDynamic(spec));
  std::vector<float> values(40);
  Rng rng(5);
  for (float& x : values) x = static_cast<float>(rng.Normal() * std::exp2(rng.Uniform(-6, 6)));
  std::vector<float> rounded = values;
  FakeQuantizeDynamic(rounded, *MakeGrouping(spec.grain, {2, 5, 2, 2}), spec, 1);
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t p = 0; p < 4; ++p) {
      for (std::size_t c = 0; c < 5; ++c) {
        float most = 0;
        for (std::size_t k = c / 3 * 3; k < std::min<std::size_t>(5, c / 3 * 3 + 3); ++k)
          most = std::max(most, std::fabs(values[(n * 5 + k) * 4 + p]));
        const double scale = std::exp2(std::floor(std::log2(most)) - 2);
        const std::size_t i = (n * 5 + c) * 4 + p;
        EXPECT_EQ(rounded[i], static_cast<float>(scale * spec.element.Round(values[i] / scale)));
      }
    }
  }
}

TEST(FakeQuantizeDynamic, KeepsTheOuterScaleThatItIsGiven) {
  const QuantSpec spec = *QuantSpec::Parse("e2m1:b2:e4m3fn*fp32");
  ASSERT_TRUE(IsDynamic(spec));
  std::vector<float> small = {6, 3, 0, 0};
  std::vector<float> with_others = {6, 3, 6000, 6};  // a larger block changes nothing for the first
  const float outer = OuterScale(600, spec);
  FakeQuantizeDynamic(small, *MakeGrouping(spec.grain, {4}), spec, outer);
  FakeQuantizeDynamic(with_others, *MakeGrouping(spec.grain, {4}), spec, outer);
  EXPECT_EQ(small[0], with_others[0]);
  EXPECT_EQ(small[1], with_others[1]);
  EXPECT_FLOAT_EQ(with_others[2], 600);  // saturated
}

TEST(IsDynamic, IsForSymmetricBlocksWhoseScalesAlwaysExist) {
  for (const char* text : {"int8", "int8:c0", "int4:b32:fp16", "int4:b32"})
    EXPECT_FALSE(IsDynamic(*QuantSpec::Parse(text))) << text;
}

}  // namespace
}  // namespace bw
