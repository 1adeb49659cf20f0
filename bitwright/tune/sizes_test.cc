#include <gtest/gtest.h>

#include "bitwright/tune/tune.h"

namespace bw {
namespace {

QuantTarget Target(const std::string& name, TargetKind kind, const Shape& shape) {
  return {0, name, kind, shape, ElementCount(shape), {}};
}

QuantSpec Spec(const std::string& text) { return QuantSpec::Parse(text).value(); }

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
