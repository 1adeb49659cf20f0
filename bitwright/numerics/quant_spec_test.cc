#include "bitwright/numerics/quant_spec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace bw {
namespace {

std::string Canonical(std::string_view text) {
  const Expected<QuantSpec> spec = QuantSpec::Parse(text);
  return spec ? spec->ToString() : "error: " + spec.error().message;
}

std::string MessageOf(std::string_view text) {
  const Expected<QuantSpec> spec = QuantSpec::Parse(text);
  return spec ? "no error" : spec.error().message;
}

constexpr std::string_view kAllowed =
    "allowed is a grain (t, c<axis>, b<size>[@<axis>]), a scale format (fp32, fp16, e8m0) or asym";

TEST(QuantSpec, PrintsWithoutDefaults) {
  EXPECT_EQ(Canonical("int8"), "int8");
  EXPECT_EQ(Canonical("int8:t:fp32"), "int8");
  EXPECT_EQ(Canonical("int8:fp16"), "int8:fp16");
  EXPECT_EQ(Canonical("int4:c0"), "int4:c0");
  EXPECT_EQ(Canonical("int4:b32:fp16"), "int4:b32:fp16");
  EXPECT_EQ(Canonical("int4:b32@1"), "int4:b32@1");
  EXPECT_EQ(Canonical("uint8:t:fp32:asym"), "uint8:asym");
  EXPECT_EQ(Canonical("uint8:c1:e8m0:asym"), "uint8:c1:e8m0:asym");
  EXPECT_EQ(Canonical("fp32"), "fp32");
}

TEST(QuantSpec, HoldsWhatTheTextSays) {
  const QuantSpec spec = *QuantSpec::Parse("int4:b48@2:e8m0:asym");
  EXPECT_EQ(spec.element.name(), "int4");
  EXPECT_EQ(std::get<PerBlock>(spec.grain), (PerBlock{48, 2}));
  EXPECT_EQ(spec.scale.name(), "e8m0");
  EXPECT_FALSE(spec.symmetric);
  EXPECT_EQ(std::get<PerBlock>(QuantSpec::Parse("int4:b8")->grain).axis, -1);
  EXPECT_EQ(std::get<PerChannel>(QuantSpec::Parse("int4:c3")->grain).axis, 3);
  EXPECT_TRUE(QuantSpec::Parse("int4")->symmetric);
}

TEST(QuantSpec, AliasesStandForTheirSpecs) {
  EXPECT_EQ(Canonical("mxfp4"), "e2m1:b32:e8m0");
  EXPECT_EQ(Canonical("mxfp6_e2m3"), "e2m3:b32:e8m0");
  EXPECT_EQ(Canonical("mxfp6_e3m2"), "e3m2:b32:e8m0");
  EXPECT_EQ(Canonical("mxfp8_e4m3"), "e4m3fn:b32:e8m0");
  EXPECT_EQ(Canonical("mxfp8_e5m2"), "e5m2:b32:e8m0");
  EXPECT_EQ(Canonical("mxint8"), "int8:b32:e8m0");
}

RC_GTEST_PROP(QuantSpec, ParsesWhatItPrints, ()) {
  const std::vector<std::string> names = ExampleFormats();
  const Format element = *Format::Parse(*rc::gen::elementOf(names));
  const int axis = *rc::gen::inRange(0, 8);
  const Grain grain = *rc::gen::element<Grain>(PerTensor{}, PerChannel{axis},
                                               PerBlock{*rc::gen::inRange(1, 100000), axis - 1});
  const Format scale = *Format::Parse(*rc::gen::element<std::string>("fp32", "fp16", "e8m0"));
  const bool symmetric = element.info().family != "integer" || *rc::gen::arbitrary<bool>();
  const QuantSpec spec{element, grain, scale, symmetric};
  const Expected<QuantSpec> again = QuantSpec::Parse(spec.ToString());
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == spec);
}

TEST(QuantSpecErrors, UnknownElementNamesItsPositionAndTheNearest) {
  EXPECT_EQ(
      MessageOf("e4m3nf:c0")
          .find(
              "spec 'e4m3nf:c0': at position 1: unknown format 'e4m3nf'; nearest is 'e4m3fn' (run"),
      0u);
  EXPECT_EQ(MessageOf("mxfp5"),
            "spec 'mxfp5': at position 1: unknown format 'mxfp5'; nearest is the alias 'mxfp4'");
  EXPECT_EQ(MessageOf("int17"),
            "spec 'int17': at position 1: format 'int17': width is 17, allowed 2 to 16");
  EXPECT_EQ(MessageOf("").find("spec '': at position 1: unknown format ''"), 0u);
}

TEST(QuantSpecErrors, UnknownFieldNamesItsPositionAndTheNearest) {
  EXPECT_EQ(
      MessageOf("int4:b32:fp17"),
      fmt::format("spec 'int4:b32:fp17': at position 10: unknown field 'fp17', {}; nearest is "
                  "'fp16'",
                  kAllowed));
  EXPECT_EQ(
      MessageOf("int4:asm"),
      fmt::format("spec 'int4:asm': at position 6: unknown field 'asm', {}; nearest is 'asym'",
                  kAllowed));
  EXPECT_EQ(MessageOf("int4::fp16"),
            fmt::format("spec 'int4::fp16': at position 6: an empty field, {}", kAllowed));
  for (const std::string_view field : {"b0", "b", "b-3", "b32@", "b32@9", "b99999999999", "c", "c8",
                                       "c-1", "c00", "tt", "e4m3fn"}) {
    const std::string text = fmt::format("int4:{}", field);
    EXPECT_EQ(MessageOf(text).find(
                  fmt::format("spec '{}': at position 6: unknown field '{}', ", text, field)),
              0u)
        << MessageOf(text);
  }
}

TEST(QuantSpecErrors, FieldsStandOnceAndInOrder) {
  constexpr std::string_view kOrder =
      "is repeated or out of order, allowed is element[:grain][:scale][:asym]";
  EXPECT_EQ(MessageOf("int4:c0:b32"),
            fmt::format("spec 'int4:c0:b32': at position 9: 'b32' {}", kOrder));
  EXPECT_EQ(MessageOf("int4:fp16:c0"),
            fmt::format("spec 'int4:fp16:c0': at position 11: 'c0' {}", kOrder));
  EXPECT_EQ(MessageOf("int4:asym:asym"),
            fmt::format("spec 'int4:asym:asym': at position 11: 'asym' {}", kOrder));
}

TEST(QuantSpecErrors, AsymmetricNeedsAnIntegerElement) {
  EXPECT_EQ(MessageOf("dybit4:c0:asym"),
            "spec 'dybit4:c0:asym': at position 11: 'asym' needs an integer element, got 'dybit4', "
            "allowed are int<N> and uint<N>");
}

RC_GTEST_PROP(QuantSpecErrors, AnyTextIsReadOrRefusedWithoutACrash, ()) {
  const std::string text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("int48b:cfpe2m@asyu_0139.*")));
  const Expected<QuantSpec> spec = QuantSpec::Parse(text);
  if (spec) {
    RC_ASSERT(QuantSpec::Parse(spec->ToString()).has_value());
  } else {
    RC_ASSERT(!spec.error().message.empty());
  }
}

}  // namespace
}  // namespace bw
