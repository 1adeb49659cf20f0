#include "bitwright/tensor/qtensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "bitwright/base/rng.h"
#include "bitwright/tensor/test_targets.h"

namespace bw {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

QuantSpec Spec(std::string_view text) {
  const Expected<QuantSpec> spec = QuantSpec::Parse(text);
  EXPECT_TRUE(spec.has_value()) << text;
  return *spec;
}

// The law by linear search over the decoded codes.
double NearestByLaw(const Format& format, double ratio) {
  constexpr double kFar =
      1e6;  // beyond every format this is asked for, and distances stay exact enough
  ratio = std::isnan(ratio) ? 0 : std::clamp(ratio, -kFar, kFar);
  double best = std::numeric_limits<double>::quiet_NaN();
  Code best_code = 0;
  for (Code code = 0; code < Code{1} << format.bits(); ++code) {
    const double value = format.Decode(code);
    if (!std::isfinite(value)) continue;
    const double distance = std::fabs(value - ratio), least = std::fabs(best - ratio);
    const bool tie = distance == least && value != best;
    const bool wins =
        tie && (code % 2 != best_code % 2 ? code % 2 == 0 : std::fabs(value) < std::fabs(best));
    if (std::isnan(best) || distance < least || wins) {
      best = value;
      best_code = code;
    }
  }
  return best;
}

// Random values, every threshold times the scale and its neighbours, and the ends of float.
std::vector<float> AdversarialValues(const Format& format, float scale, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values = {0.0f,
                               -0.0f,
                               kInfinity,
                               -kInfinity,
                               kNan,
                               -kNan,
                               std::numeric_limits<float>::max(),
                               std::numeric_limits<float>::lowest(),
                               std::numeric_limits<float>::denorm_min(),
                               -std::numeric_limits<float>::denorm_min(),
                               1.5f,
                               -0.5f};
  const auto add = [&](double value) {
    const auto x = static_cast<float>(value);
    for (const float near : {x, std::nextafter(x, kInfinity), std::nextafter(x, -kInfinity)}) {
      values.push_back(near);
    }
  };
  const auto thresholds = format.thresholds();
  const std::size_t step = thresholds.size() / 700 + 1;
  for (std::size_t i = 0; i < thresholds.size(); i += step) add(thresholds[i] * scale);
  for (std::size_t i = 0; i < thresholds.size(); i += step) add(format.values()[i] * scale);
  const double reach = std::min(format.info().max * scale, 1e30) * 1.3;
  for (int i = 0; i < 800; ++i) add(reach * rng.Uniform(-1, 1));
  for (int i = 0; i < 400; ++i) add(reach * std::exp2(rng.Uniform(-12, 0)) * (i % 2 * 2 - 1));
  return values;
}

void ExpectSameBits(std::span<const float> a, std::span<const float> b, std::string_view what,
                    std::span<const float> inputs) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(a[i]), std::bit_cast<std::uint32_t>(b[i]))
        << what << ": x " << inputs[i] << " gives " << a[i] << " by the fast path, " << b[i];
  }
}

// FakeQuantize against Dequantize(Quantize(.)), which encodes element by element in double.
void ExpectFakeEqualsReal(const Shape& shape, std::vector<float> values, const QuantSpec& spec,
                          const QuantParams& params) {
  const Tensor input = Tensor::From(shape, values);
  const Expected<QTensor> quantized = Quantize(input, spec, params);
  ASSERT_TRUE(quantized.has_value()) << quantized.error().message;
  const Tensor expected = Dequantize(*quantized);
  const Expected<Grouping> grouping = MakeGrouping(spec.grain, shape);
  ASSERT_TRUE(FakeQuantize(values, *grouping, spec, params).has_value());
  ExpectSameBits(values, expected.span<float>(), spec.ToString(), input.span<float>());
}

void ExpectFakeEqualsRealForEveryExample() {
  Rng rng(11);
  for (const std::string& name : ExampleFormats()) {
    const QuantSpec spec = Spec(name);
    for (const float scale : {1.0f, 0.0137f, 0x1p-7f, static_cast<float>(rng.Uniform(0.1, 3))}) {
      std::vector<float> values = AdversarialValues(spec.element, scale, rng.Bits());
      const auto size = static_cast<std::int64_t>(values.size());
      ExpectFakeEqualsReal({size}, std::move(values), spec, {{scale}, {}});
    }
  }
}

TEST(FakeQuantize, EqualsQuantizeThenDequantizeForEveryFormat) {
  ExpectFakeEqualsRealForEveryExample();
}

TEST(FakeQuantize, IsTheSameOnEveryInstructionSetOfThisMachine) {
  OnEveryTarget(ExpectFakeEqualsRealForEveryExample);
}

TEST(FakeQuantize, EqualsQuantizeThenDequantizeAtExtremeScales) {
  for (const std::string_view name : {"int8", "e4m3fn", "dybit8", "exp4", "fp16", "fp32"}) {
    const QuantSpec spec = Spec(name);
    for (const float scale : {0x1p-127f, 0x1p-149f, 1e30f, std::numeric_limits<float>::max()}) {
      std::vector<float> values = AdversarialValues(spec.element, scale, 5);
      const auto size = static_cast<std::int64_t>(values.size());
      ExpectFakeEqualsReal({size}, std::move(values), spec, {{scale}, {}});
    }
  }
}

QuantParams RandomParams(const QuantSpec& spec, const Grouping& grouping, Rng& rng) {
  QuantParams params;
  const FormatInfo& info = spec.element.info();
  for (std::int64_t i = 0; i < grouping.groups(); ++i) {
    params.scales.push_back(static_cast<float>(rng.Uniform(0.001, 0.1)));
    if (spec.symmetric) continue;
    params.zeros.push_back(static_cast<std::int32_t>(std::lrint(rng.Uniform(info.min, info.max))));
  }
  return params;
}

TEST(FakeQuantize, EqualsQuantizeThenDequantizeForEveryGrain) {
  Rng rng(23);
  for (const Shape& shape : {Shape{4, 6, 5, 3}, Shape{8, 12}, Shape{12}, Shape{2, 12, 1}}) {
    for (const std::string_view element : {"int4", "dybit4", "e2m1"}) {
      for (const std::string_view grain : {"t", "c0", "c1", "c2", "c3", "b3", "b6", "b2@0", "b3@1",
                                           "b12@1", "b5@2", "b3@3", "b1@3", "m2x3", "m5x7@1"}) {
        const QuantSpec spec = Spec(fmt::format("{}:{}", element, grain));
        const Expected<Grouping> grouping = MakeGrouping(spec.grain, shape);
        if (!grouping) continue;
        std::vector<float> values(static_cast<std::size_t>(ElementCount(shape)));
        for (float& value : values) value = static_cast<float>(rng.Normal() * 0.2);
        ExpectFakeEqualsReal(shape, values, spec, RandomParams(spec, *grouping, rng));
      }
    }
  }
}

TEST(FakeQuantize, EqualsQuantizeThenDequantizeWithZeroPoints) {
  Rng rng(29);
  for (const std::string_view element :
       {"int2", "int4", "int8", "uint1", "uint4", "uint8", "int16"}) {
    for (const std::string_view grain : {"t", "c0", "c1", "b3", "b2@0"}) {
      const QuantSpec spec = Spec(fmt::format("{}:{}:asym", element, grain));
      const Shape shape = {4, 33};
      const Grouping grouping = *MakeGrouping(spec.grain, shape);
      std::vector<float> values(4 * 33);
      for (float& value : values) value = static_cast<float>(rng.Normal() * 0.7);
      values[5] = kNan;
      values[6] = kInfinity;
      values[7] = -kInfinity;
      values[8] = -0.0f;
      ExpectFakeEqualsReal(shape, values, spec, RandomParams(spec, grouping, rng));
    }
  }
}

TEST(Quantize, FollowsTheLawOfNearestValue) {
  for (const std::string_view name :
       {"int4", "uint3", "fixed4", "exp4", "e2m1", "e4m3fn", "esb5_2", "dybit4", "udybit6"}) {
    const QuantSpec spec = Spec(name);
    const float scale = 0.37f;
    const std::vector<float> values = AdversarialValues(spec.element, scale, 31);
    const Tensor input = Tensor::From({static_cast<std::int64_t>(values.size())}, values);
    const Tensor output = Dequantize(*Quantize(input, spec, {{scale}, {}}));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double ratio = static_cast<double>(values[i]) / static_cast<double>(scale);
      const auto value = static_cast<float>(NearestByLaw(spec.element, ratio));
      ASSERT_EQ(output.span<float>()[i], scale * value) << name << ' ' << values[i];
    }
  }
}

TEST(Quantize, AsymmetricRoundsThenAddsTheZeroPointThenClamps) {
  const QuantSpec spec = Spec("uint4:asym");
  const std::vector<float> values = {0, 0.5f, 1.5f, -0.5f, -1.5f, 20, -20, kNan};
  const Tensor input = Tensor::From({8}, values);
  const QTensor quantized = *Quantize(input, spec, {{1.0f}, {5}});
  EXPECT_EQ(Unpack(quantized.codes, 4, 8), (std::vector<Code>{5, 5, 7, 5, 3, 15, 0, 5}));
  const Tensor output = Dequantize(quantized);
  const std::vector<float> expected = {0, 0, 2, 0, -2, 10, -5, 0};
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(output.span<float>()[i], expected[i]);
}

TEST(Quantize, AsymmetricSignedCodesAreTwosComplement) {
  const Tensor input = Tensor::From<float>({3}, std::vector<float>{0, 3, -40});
  const QTensor quantized = *Quantize(input, Spec("int4:asym"), {{1.0f}, {-2}});
  EXPECT_EQ(Unpack(quantized.codes, 4, 3), (std::vector<Code>{14, 1, 8}));
}

TEST(QTensor, CountsBytesOfCodesScalesAndZeroPoints) {
  const Tensor input(DType::kFloat32, {4, 64});
  const QuantParams params{std::vector<float>(8, 1.0f), {}};
  EXPECT_EQ(Quantize(input, Spec("int3:b32:fp16"), params)->bytes(), 96u + 16u);
  EXPECT_EQ(Quantize(input, Spec("int3:b32:e8m0"), params)->bytes(), 96u + 8u);
  EXPECT_EQ(Quantize(input, Spec("int3:b32:e4m3fn*fp32"), params)->bytes(), 96u + 8u + 4u);
  const QuantParams shifted{std::vector<float>(4, 1.0f), std::vector<std::int32_t>(4, 3), 1};
  EXPECT_EQ(Quantize(input, Spec("uint4:c0:asym"), shifted)->bytes(), 128u + 16u + 2u);
}

std::string MessageOf(std::string_view spec, const QuantParams& params) {
  const Tensor input(DType::kFloat32, {2, 3});
  const Expected<QTensor> quantized = Quantize(input, Spec(spec), params);
  return quantized ? "no error" : quantized.error().message;
}

TEST(QuantizeErrors, SayWhatIsWrongWithTheParameters) {
  EXPECT_EQ(MessageOf("int4:c0", {{1.0f}, {}}), "int4:c0: got 1 scales, the grouping needs 2");
  EXPECT_EQ(MessageOf("int4:asym", {{1.0f}, {}}),
            "int4:asym: got 0 zero points, the grouping needs 1");
  EXPECT_EQ(MessageOf("int4", {{1.0f}, {0}}), "int4: got 1 zero points, the grouping needs 0");
  EXPECT_EQ(MessageOf("int4", {{0.0f}, {}}),
            "int4: a scale is 0, allowed is a positive finite number");
  EXPECT_EQ(MessageOf("int4", {{kNan}, {}}),
            "int4: a scale is nan, allowed is a positive finite number");
  EXPECT_EQ(MessageOf("uint4:asym", {{1.0f}, {16}}),
            "uint4:asym: a zero point is 16, allowed is 0 to 15");
  EXPECT_EQ(MessageOf("int4:b2", {{1.0f}, {}}),
            "its rows have 3 elements, not a multiple of 2; try b1 or b3");
}

}  // namespace
}  // namespace bw
