#include <gtest/gtest.h>

#include "bitwright/tune/tune.h"

namespace bw {
namespace {

QuantTarget Target(const std::string& name, TargetKind kind, const Shape& shape) {
  return {0, name, kind, shape, ElementCount(shape), {}};
}

QuantSpec Spec(const std::string& text) { return QuantSpec::Parse(text).value(); }

std::int64_t WeightBytes(const Shape& shape, const std::string& spec) {
  return TensorBytes(Target("w", TargetKind::kWeight, shape), Spec(spec));
}

TEST(TensorBytes, CountsCodesScalesAndZeroPoints) {
  EXPECT_EQ(WeightBytes({5, 3, 3, 3}, "int3:c0:fp16"), 51 + 10);  // 405 bits, 5 scales
  EXPECT_EQ(WeightBytes({5, 3, 3, 3}, "int3"), 51 + 4);
  EXPECT_EQ(WeightBytes({5, 3, 3, 3}, "int3:c0:e8m0"), 51 + 5);
  EXPECT_EQ(WeightBytes({5, 3, 3, 3}, "int3:c0:fp16:asym"), 51 + 12);  // 5 * 19 bits
  EXPECT_EQ(WeightBytes({4, 64}, "e2m1:b32:e8m0"), 128 + 8);
  EXPECT_EQ(WeightBytes({4, 64}, "dybit5:c1:fp16"), 160 + 128);
}

TEST(TensorBytes, OfAnActivationAreItsCodes) {
  const QuantTarget target = Target("x", TargetKind::kActivation, {1, 7});
  EXPECT_EQ(TensorBytes(target, Spec("uint4")), 4);  // 28 bits
  EXPECT_EQ(TensorBytes(target, Spec("uint8:asym")), 7);
}

TEST(PlanSizes, AddsUpWhatThePlanRoundsAndWhatStaysFloat) {
  QuantTargets targets;
  targets.tensors = {Target("x", TargetKind::kActivation, {1, 48}),
                     Target("a.w", TargetKind::kWeight, {5, 3, 3, 3}),
                     Target("a", TargetKind::kActivation, {1, 80}),
                     Target("b.w", TargetKind::kWeight, {2, 80})};
  targets.float_weight_elements = 7;
  targets.float_activation_elements = 2;
  Plan plan;
  plan.tensors.emplace("a.w", TensorPlan{Spec("int3:c0:fp16"), "mse", {}});
  plan.tensors.emplace("a", TensorPlan{Spec("uint4"), "mse", {}});
  const Sizes sizes = PlanSizes(targets, plan);
  EXPECT_EQ(sizes.weight_float_bytes, 4 * (7 + 135 + 160));
  EXPECT_EQ(sizes.weight_bytes, 4 * (7 + 160) + 61);
  EXPECT_EQ(sizes.activation_float_bytes, 4 * (2 + 48 + 80));
  EXPECT_EQ(sizes.activation_bytes, 4 * (2 + 48) + 40);
}

}  // namespace
}  // namespace bw
