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
    "allowed is a grain (t, c<axis>, b<size>[@<axis>], m<rows>x<columns>[@<axis>]), a scale format "
    "(fp32, fp16, bf16, e8m0, e4m3fn*fp32, ...) or asym";

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
  EXPECT_EQ(Canonical("nvfp4"), "e2m1:b16:e4m3fn*fp32");
  EXPECT_EQ(Canonical("msfp12"), "fixed4:b16:e8m0");
  EXPECT_EQ(Canonical("msfp16"), "fixed8:b16:e8m0");
}

TEST(QuantSpec, EveryAliasIsASpecInCanonicalText) {
  for (const SpecAlias& alias : SpecAliases()) {
    EXPECT_EQ(Canonical(alias.name), alias.spec);
    EXPECT_FALSE(alias.source.empty());
  }
}

TEST(QuantSpec, TilesHaveRowsColumnsAndAnAxis) {
  EXPECT_EQ(Canonical("int4:m4x8"), "int4:m4x8");
  EXPECT_EQ(Canonical("int4:m4x8@0"), "int4:m4x8");
  EXPECT_EQ(Canonical("int4:m4x8@1:e8m0"), "int4:m4x8@1:e8m0");
  EXPECT_EQ(std::get<PerTile>(QuantSpec::Parse("int4:m4x8@1")->grain), (PerTile{4, 8, 1}));
}

TEST(QuantSpec, AnyFloatingFormatHoldsScalesAndASmallOneTakesASecondLevel) {
  EXPECT_EQ(Canonical("int4:b32:bf16"), "int4:b32:bf16");
  EXPECT_EQ(Canonical("int4:b32:ue5m3"), "int4:b32:ue5m3");
  EXPECT_EQ(Canonical("int4:b16:e4m3fn"), "int4:b16:e4m3fn");
  const QuantSpec spec = *QuantSpec::Parse("e2m1:b16:e4m3fn*fp32");
  EXPECT_TRUE(spec.two_level);
  EXPECT_EQ(spec.scale.name(), "e4m3fn");
  EXPECT_FALSE(QuantSpec::Parse("e2m1:b16:e4m3fn")->two_level);
  EXPECT_EQ(Canonical("uint4:c0:e5m2*fp32:asym"), "uint4:c0:e5m2*fp32:asym");
}

// A format spelled with the characters that fitted and canonical formats use.
TEST(QuantSpec, BracketsAndCommasBelongToTheElement) {
  for (const std::string_view element : {"<1,5,2,15>", "lut2[-1;0;1;2.5]"}) {
    if (!Format::Parse(element)) continue;
    EXPECT_EQ(Canonical(fmt::format("{}:b16:e8m0", element)), fmt::format("{}:b16:e8m0", element));
  }
}

RC_GTEST_PROP(QuantSpec, ParsesWhatItPrints, ()) {
  const std::vector<std::string> names = ExampleFormats();
  const Format element = *Format::Parse(*rc::gen::elementOf(names));
  const int axis = *rc::gen::inRange(0, 8);
  const Grain grain = *rc::gen::element<Grain>(PerTensor{}, PerChannel{axis},
                                               PerBlock{*rc::gen::inRange(1, 100000), axis - 1},
                                               PerTile{*rc::gen::inRange(1, 1000), 7, axis});
  const Format scale =
      *Format::Parse(*rc::gen::element<std::string>("fp32", "fp16", "e8m0", "e5m2"));
  const bool symmetric = element.info().family != "integer" || *rc::gen::arbitrary<bool>();
  const bool two_level = scale.bits() == 8 && *rc::gen::arbitrary<bool>();
  const QuantSpec spec{element, grain, scale, symmetric, two_level};
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
  for (const std::string_view field :
       {"b0", "b",    "b-3", "b32@",   "b32@9", "b99999999999", "c",
        "c8", "c-1",  "c00", "tt",     "e4m3f", "int8",         "*fp32",
        "m4", "m0x4", "m4x", "m4x4@8", "m4x4@", "e4m3fn*fp16",  "b08"}) {
    const std::string text = fmt::format("int4:{}", field);
    EXPECT_EQ(MessageOf(text).find(
                  fmt::format("spec '{}': at position 6: unknown field '{}', ", text, field)),
              0u)
        << MessageOf(text);
  }
}

TEST(QuantSpecErrors, TheInnerOfTwoScaleLevelsIsSmall) {
  EXPECT_EQ(MessageOf("e2m1:b16:fp16*fp32"),
            "spec 'e2m1:b16:fp16*fp32': at position 10: the inner of two scale levels is 'fp16', "
            "allowed are formats of at most 8 bits (e8m0, e4m3fn, e5m2)");
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
      rc::gen::elementOf(std::string("int48b:cfpe2m@asyu_0139.*x[;]<>,")));
  const Expected<QuantSpec> spec = QuantSpec::Parse(text);
  if (spec) {
    RC_ASSERT(QuantSpec::Parse(spec->ToString()).has_value());
  } else {
    RC_ASSERT(!spec.error().message.empty());
  }
}

}  // namespace
}  // namespace bw
