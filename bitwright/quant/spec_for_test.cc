#include "bitwright/quant/spec_for.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

QuantTarget Weight(const Shape& shape, WeightAxes axes) {
  QuantTarget target;
  target.name = "w";
  target.shape = shape;
  target.elements = ElementCount(shape);
  target.axes = axes;
  return target;
}

std::string ForWeight(const std::string& text, const QuantTarget& target) {
  const Expected<QuantSpec> spec = WeightSpec(text, target);
  return spec ? spec->ToString() : spec.error().message;
}

TEST(WeightSpec, PutsChannelsWhereTheLayerHasThem) {
  const QuantTarget conv = Weight({8, 4, 3, 3}, {0, -1});
  const QuantTarget matrix = Weight({16, 8}, {1, 0});
  EXPECT_EQ(ForWeight("int4:fp16", conv), "int4:c0:fp16");
  EXPECT_EQ(ForWeight("int4:fp16", matrix), "int4:c1:fp16");
  EXPECT_EQ(ForWeight("int4", matrix), "int4:c1");
  EXPECT_EQ(ForWeight("int4:c:e8m0", conv), "int4:c0:e8m0");
  EXPECT_EQ(ForWeight("int8:c:fp16:asym", matrix), "int8:c1:fp16:asym");
}

TEST(WeightSpec, RunsBlocksAlongTheReduction) {
  EXPECT_EQ(ForWeight("int4:b18:fp16", Weight({8, 4, 3, 3}, {0, -1})), "int4:b18:fp16");
  EXPECT_EQ(ForWeight("int4:b8", Weight({16, 8}, {1, 0})), "int4:b8@0");
  EXPECT_EQ(ForWeight("mxfp4", Weight({64, 8}, {1, 0})), "e2m1:b32@0:e8m0");
}

TEST(WeightSpec, KeepsAGrainThatIsSpelledOut) {
  const QuantTarget matrix = Weight({16, 8}, {1, 0});
  EXPECT_EQ(ForWeight("int4:c0", matrix), "int4:c0");
  EXPECT_EQ(ForWeight("int4:t", matrix), "int4");
  EXPECT_EQ(ForWeight("int4:b4@1", matrix), "int4:b4@1");
  EXPECT_EQ(ForWeight("int4:m4x8:e8m0", matrix), "int4:m4x8:e8m0");
  EXPECT_EQ(ForWeight("bitq_e2m3", matrix), "e2m3:m32x32:e8m0");
}

TEST(WeightSpec, PassesOnWhatTheSpecSays) {
  const std::string message = ForWeight("itn4:fp16", Weight({16, 8}, {1, 0}));
  EXPECT_NE(message.find("unknown format 'itn4'"), std::string::npos) << message;
  EXPECT_FALSE(WeightSpec("", Weight({16, 8}, {1, 0})).has_value());
  EXPECT_FALSE(WeightSpec("int4::fp16", Weight({16, 8}, {1, 0})).has_value());
}

std::string ForActivation(const std::string& text, double min) {
  ActivationStatistics statistics;
  statistics.min = min;
  statistics.max = 4;
  statistics.count = 10;
  const Expected<QuantSpec> spec = ActivationSpec(text, statistics);
  return spec ? spec->ToString() : spec.error().message;
}

TEST(ActivationSpec, TakesTheUnsignedFormWithoutNegativeValues) {
  EXPECT_EQ(ForActivation("int8", 0), "uint8");
  EXPECT_EQ(ForActivation("dybit4:fp16", 0.5), "udybit4:fp16");
  EXPECT_EQ(ForActivation("uint8", 0), "uint8");
  EXPECT_EQ(ForActivation("int8", -1e-30), "int8");
  EXPECT_EQ(ForActivation("dybit4", -1), "dybit4");
}

TEST(ActivationSpec, RefusesOtherGrains) {
  EXPECT_EQ(ForActivation("int8:c0", 0),
            "spec 'int8:c0': activations take one scale per tensor, or blocks under e8m0 or two "
            "levels; leave the grain out");
  EXPECT_EQ(ForActivation("int4:b32:fp16", -1),
            "spec 'int4:b32:fp16': activations take one scale per tensor, or blocks under e8m0 or "
            "two levels; leave the grain out");
}

TEST(ActivationSpec, LaysBlocksAlongTheChannels) {
  EXPECT_EQ(ForActivation("mxfp4", -1), "e2m1:m32x1@1:e8m0");
  EXPECT_EQ(ForActivation("nvfp4", 0), "e2m1:m16x1@1:e4m3fn*fp32");
  EXPECT_EQ(ForActivation("int4:b16:e8m0", 0), "uint4:m16x1@1:e8m0");
  EXPECT_EQ(ForActivation("e2m1:b16:e8m0", 0), "ue2m2:m16x1@1:e8m0");
  EXPECT_EQ(ForActivation("int4:b16:e8m0", -1), "int4:m16x1@1:e8m0");
}

}  // namespace
}  // namespace bw
