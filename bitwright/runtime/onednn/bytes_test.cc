// Rounding to bytes against the law, most of all beside its ties.

#include "bitwright/runtime/onednn/bytes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/base/rng.h"

namespace bw::kernels {
namespace {

IntegerGrid Grid(const std::string& spec, std::int64_t zero) {
  Attributes attributes;
  attributes.Set("spec", spec);
  attributes.Set("scale", 0.037F);
  attributes.Set("zero", zero);
  return FindIntegerGrid(attributes).value();
}

// Every half step of the grid, its neighbours in float, and numbers beyond the ends.
std::vector<float> BesideTies(const IntegerGrid& grid) {
  std::vector<float> values = {1e30F, -1e30F, 0.0F, -0.0F};
  for (int half = 2 * grid.low - 3; half <= 2 * grid.high + 3; ++half) {
    float x = static_cast<float>(grid.step() * half / 2);
    for (int i = 0; i < 3; ++i) x = std::nextafter(x, -1e9F);
    for (int i = 0; i < 7; ++i, x = std::nextafter(x, 1e9F)) values.push_back(x);
  }
  return values;
}

// By groups of kLanes; how many were done.
template <typename T>
std::size_t Check(const IntegerGrid& grid, const std::vector<float>& values, float low,
                  float high) {
  const std::vector<float> ones(kLanes, 1.0F), zeros(kLanes, 0.0F);
  const ByteGrid bytes = FindByteGrid(grid).value();
  std::size_t done = 0;
  for (std::size_t i = 0; i + kLanes <= values.size(); i += kLanes) {
    T out[kLanes];
    if (!AffineToBytes(values.data() + i, ones.data(), zeros.data(), low, high, bytes, out, kLanes))
      continue;
    ++done;
    for (std::size_t l = 0; l < kLanes; ++l) {
      const float bounded = std::min(std::max(values[i + l], low), high);
      EXPECT_EQ(static_cast<std::int32_t>(out[l]), StoreOnGrid(bounded, grid)) << bounded;
    }
  }
  return done;
}

void CheckGrid(const std::string& spec, std::int64_t zero) {
  SCOPED_TRACE(spec);
  const IntegerGrid grid = Grid(spec, zero);
  Rng rng(5);
  std::vector<float> random;
  for (int i = 0; i < 4096; ++i) {
    random.push_back(
        static_cast<float>(rng.Uniform(1.2 * grid.low, 1.2 * grid.high) * grid.step()));
  }
  const float most = static_cast<float>(0.66 * grid.high * grid.step());
  for (const auto& values : {BesideTies(grid), random}) {
    for (const float low : {-std::numeric_limits<float>::infinity(), 0.0F}) {
      for (const float high : {std::numeric_limits<float>::infinity(), most}) {
        const std::size_t done = grid.dtype == DType::kUint8
                                     ? Check<std::uint8_t>(grid, values, low, high)
                                     : Check<std::int8_t>(grid, values, low, high);
        if (values.size() == random.size() && FindByteGrid(grid)->even) {
          EXPECT_GT(done, values.size() / kLanes / 2);
        }
      }
    }
  }
}

TEST(AffineToBytes, OnEveryIntegerIsTheLaw) {
  for (const char* spec : {"int8", "int4", "int2", "uint8", "uint4", "ternary"}) CheckGrid(spec, 0);
  CheckGrid("uint8:asym", 93);
  CheckGrid("int8:asym", -20);
}

TEST(AffineToBytes, BetweenPowersOfTwoIsTheLaw) {
  for (const char* spec :
       {"esb4_1", "uesb4_1", "dybit4", "udybit4", "dybit3", "e2m1", "flint4", "apot4"})
    CheckGrid(spec, 0);
}

TEST(FindByteGrid, LeavesOtherGaps) { EXPECT_FALSE(FindByteGrid(Grid("odd3", 0)).has_value()); }

}  // namespace
}  // namespace bw::kernels
