#include "bitwright/quant/stored_bytes.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

QuantTarget Target(const std::string& name, TargetKind kind, const Shape& shape) {
  return {0, name, kind, shape, ElementCount(shape), {}};
}

QuantSpec Spec(const std::string& text) { return QuantSpec::Parse(text).value(); }

std::int64_t WeightBytes(const Shape& shape, const std::string& spec) {
  const QuantSpec parsed = Spec(spec);
  return StoredBytes(Target("w", TargetKind::kWeight, shape), &parsed);
}

TEST(StoredBytes, CountsCodesScalesAndZeroPoints) {
  EXPECT_EQ(WeightBytes({5, 3, 3, 3}, "int3:c0:fp16"), 51 + 10);  // 405 bits, 5 scales
  EXPECT_EQ(WeightBytes({5, 3, 3, 3}, "int3"), 51 + 4);
  EXPECT_EQ(WeightBytes({5, 3, 3, 3}, "int3:c0:e8m0"), 51 + 5);
  EXPECT_EQ(WeightBytes({5, 3, 3, 3}, "int3:c0:fp16:asym"), 51 + 12);  // 5 * 19 bits
  EXPECT_EQ(WeightBytes({4, 64}, "e2m1:b32:e8m0"), 128 + 8);
  EXPECT_EQ(WeightBytes({4, 64}, "dybit5:c1:fp16"), 160 + 128);
}

TEST(StoredBytes, OfAnActivationAreItsCodes) {
  const QuantTarget target = Target("x", TargetKind::kActivation, {1, 7});
  const QuantSpec narrow = Spec("uint4"), wide = Spec("uint8:asym");
  EXPECT_EQ(StoredBytes(target, &narrow), 4);  // 28 bits
  EXPECT_EQ(StoredBytes(target, &wide), 7);
  EXPECT_EQ(StoredBytes(target, nullptr), 28);
}

TEST(StoredBytes, OfAnActivationInBlocksIncludeTheirScales) {
  const QuantTarget target = Target("x", TargetKind::kActivation, {1, 64});
  const QuantSpec blocks = Spec("e2m1:b32:e8m0");
  EXPECT_EQ(StoredBytes(target, &blocks), 32 + 2);
}

}  // namespace
}  // namespace bw
