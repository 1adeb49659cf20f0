#include "bitwright/tensor/code_kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "bitwright/base/rng.h"
#include "bitwright/tensor/test_targets.h"

namespace bw {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<Format> SmallFormats() {
  std::vector<Format> formats;
  for (const std::string& name : ExampleFormats()) {
    const Format format = *Format::Parse(name);
    if (format.bits() <= 8) formats.push_back(format);
  }
  return formats;
}

// Normal values, every threshold times the scale with its neighbours, values, and the ends of
// float.
std::vector<float> Probes(const Format& format, float scale, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> x = {0.0f,
                          -0.0f,
                          kInfinity,
                          -kInfinity,
                          std::nanf(""),
                          -std::nanf(""),
                          std::numeric_limits<float>::denorm_min(),
                          -1e-40f,
                          3e38f,
                          -3e38f};
  const auto add = [&](double value) {
    const auto near = static_cast<float>(value * static_cast<double>(scale));
    for (const float probe :
         {near, std::nextafter(near, kInfinity), std::nextafter(near, -kInfinity)}) {
      x.push_back(probe);
    }
    x.push_back(near * (1 + static_cast<float>(rng.Uniform(-1, 1)) * 0x1p-16f));
  };
  for (const double threshold : format.thresholds()) add(threshold);
  for (const double value : format.values()) add(value);
  for (int i = 0; i < 700; ++i) add(rng.Normal() * format.info().max * 0.4);
  for (int i = 0; i < 300; ++i) add(rng.Normal() * std::exp2(rng.Uniform(-30, 12)));
  rng.Shuffle(x);
  return x;
}

// The law of qtensor.h, from Format alone.
Code LawCode(const Format& format, float x, float scale) {
  return format.Encode(static_cast<double>(x) / static_cast<double>(scale));
}

constexpr float kScales[] = {1.0f, 0.0137f, 0x1p-7f, 2.9e7f, 1e-38f, 3e38f};

TEST(EncodeRow, GivesTheCodesOfTheLawForEveryFormatOnEveryTarget) {
  OnEveryTarget([] {
    for (const Format& format : SmallFormats()) {
      for (const float scale : kScales) {
        const std::vector<float> x = Probes(format, scale, 3);
        std::vector<std::uint8_t> codes(x.size());
        EncodeRow(CodeTableOf(format), x, scale, 0, true, codes.data());
        for (std::size_t i = 0; i < x.size(); ++i) {
          ASSERT_EQ(codes[i], LawCode(format, x[i], scale)) << format.name() << ' ' << x[i];
        }
      }
    }
  });
}

TEST(EncodeRow, AddsTheZeroPointOfIntegers) {
  OnEveryTarget([] {
    for (const std::string_view name : {"int8", "uint8", "int4", "uint3", "uint1", "int2"}) {
      const Format format = *Format::Parse(name);
      for (const int zero : {static_cast<int>(format.info().min), 0, 1}) {
        const std::vector<float> x = Probes(format, 0.31f, 4);
        std::vector<std::uint8_t> codes(x.size());
        EncodeRow(CodeTableOf(format), x, 0.31f, zero, false, codes.data());
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double ratio = static_cast<double>(x[i]) / static_cast<double>(0.31f);
          const double wanted = std::isnan(ratio) ? zero : std::nearbyint(ratio) + zero;
          ASSERT_EQ(codes[i], format.Encode(wanted)) << name << ' ' << x[i] << ' ' << zero;
        }
      }
    }
  });
}

TEST(DecodeRow, GivesScaleTimesTheValueForEveryCodeOnEveryTarget) {
  OnEveryTarget([] {
    for (const Format& format : SmallFormats()) {
      const std::size_t count = std::size_t{1} << format.bits();
      std::vector<std::uint8_t> codes;
      for (std::size_t i = 0; i < 2 * count + 77; ++i) {
        codes.push_back(static_cast<std::uint8_t>(i * 37 % count));
      }
      std::vector<float> out(codes.size());
      DecodeRow(CodeTableOf(format), codes, 0.37f, 0, out.data());
      for (std::size_t i = 0; i < codes.size(); ++i) {
        const double value = format.Decode(codes[i]);
        if (!std::isfinite(value)) continue;
        ASSERT_EQ(std::bit_cast<std::uint32_t>(out[i]),
                  std::bit_cast<std::uint32_t>(0.37f * static_cast<float>(value)))
            << format.name() << ' ' << int{codes[i]};
      }
    }
  });
}

TEST(DecodeRow, TakesOffTheZeroPoint) {
  OnEveryTarget([] {
    const Format format = *Format::Parse("uint8");
    std::vector<std::uint8_t> codes(256);
    for (std::size_t i = 0; i < 256; ++i) codes[i] = static_cast<std::uint8_t>(i);
    std::vector<float> out(256);
    DecodeRow(CodeTableOf(format), codes, 0.1f, 131, out.data());
    for (int i = 0; i < 256; ++i) {
      ASSERT_EQ(out[static_cast<std::size_t>(i)], 0.1f * static_cast<float>(i - 131));
    }
  });
}

TEST(RoundRow, GivesTheValuesOfTheCodesForEveryFormatOnEveryTarget) {
  OnEveryTarget([] {
    for (const Format& format : SmallFormats()) {
      for (const float scale : kScales) {
        std::vector<float> x = Probes(format, scale, 5);
        const std::vector<float> input = x;
        RoundRow(CodeTableOf(format), x, &scale, 0, 0, x.data());
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double value = format.Decode(LawCode(format, input[i], scale));
          const float expected = scale * static_cast<float>(value);
          ASSERT_EQ(std::bit_cast<std::uint32_t>(x[i]), std::bit_cast<std::uint32_t>(expected))
              << format.name() << ' ' << input[i] << " by " << scale << " gives " << x[i] << ", "
              << expected;
        }
      }
    }
  });
}

TEST(RoundRow, TakesAScaleForEachElement) {
  OnEveryTarget([] {
    for (const Format& format : SmallFormats()) {
      const std::vector<float> x = Probes(format, 0.5f, 6);
      Rng rng(7);
      std::vector<float> scales(x.size()), out(x.size());
      for (float& scale : scales) scale = static_cast<float>(std::exp2(rng.Uniform(-3, 3)));
      scales[1] = 1e-42f;
      RoundRow(CodeTableOf(format), x, scales.data(), 1, 0, out.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double value = format.Decode(LawCode(format, x[i], scales[i]));
        ASSERT_EQ(out[i], scales[i] * static_cast<float>(value)) << format.name() << ' ' << x[i];
      }
    }
  });
}

// The values of e8m0 are beyond float.
TEST(CodeTable, HasAFastEncoderForAllExamplesButOne) {
  for (const Format& format : SmallFormats()) {
    const CodeTable& table = CodeTableOf(format);
    const bool uniform = table.fast.kind == FloatRound::Kind::kUniform;
    const bool fast =
        uniform || table.indices.usable || table.regions.bucket_count > 0 || table.gather.usable;
    EXPECT_EQ(fast, format.name() != "e8m0") << format.name();
  }
}

}  // namespace
}  // namespace bw
