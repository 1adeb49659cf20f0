#include "bitwright/quant/plan.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>

namespace bw {
namespace {

QuantTargets Targets() {
  QuantTargets targets;
  targets.tensors.push_back({0, "x", TargetKind::kActivation, {1, 3, 4, 4}, 48, {}});
  targets.tensors.push_back({1, "conv.w", TargetKind::kWeight, {2, 3, 3, 3}, 54, {}});
  return targets;
}

std::string Refusal(const std::string& json) {
  const Expected<Plan> plan = PlanFromJson(json, "plan.json");
  return plan ? "accepted" : plan.error().message;
}

std::string TensorRefusal(const std::string& entry) {
  return Refusal(R"({"bitwright_plan": 1, "network": "0", "tensors": {"x": )" + entry + "}}");
}

RC_GTEST_PROP(PlanToJson, ComesBackTheSame, ()) {
  static const std::vector<std::string> kSpecs = {
      "int8", "uint8:fp16:asym", "int4:c0:fp16", "e2m1:b32:e8m0", "dybit3", "esb5_2:b16@1"};
  Plan plan;
  plan.network = *rc::gen::string<std::string>();
  for (char& c : plan.network) c = static_cast<char>(c & 127);
  const int count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) {
    TensorPlan tensor{QuantSpec::Parse(*rc::gen::elementOf(kSpecs)).value(), "percentile=99.5", {}};
    if (*rc::gen::arbitrary<bool>()) {
      const auto bits = *rc::gen::inRange<std::uint32_t>(1, 0x7f800000);  // positive and finite
      tensor.fixed = FixedScale{std::bit_cast<float>(bits), 0, "int8"};
      if (!tensor.spec.symmetric) tensor.fixed->zero = *rc::gen::inRange(0, 256);
    }
    plan.tensors.emplace("layer \"" + std::to_string(i) + "\"/w", tensor);
  }
  const Plan back = PlanFromJson(PlanToJson(plan), "plan.json").value();
  RC_ASSERT(back.network == plan.network);
  RC_ASSERT(back.tensors.size() == plan.tensors.size());
  for (const auto& [name, tensor] : plan.tensors) {
    const TensorPlan& other = back.tensors.at(name);
    RC_ASSERT(other.spec == tensor.spec);
    RC_ASSERT(other.scale_method == tensor.scale_method);
    RC_ASSERT(other.fixed.has_value() == tensor.fixed.has_value());
    if (!tensor.fixed) continue;
    RC_ASSERT(other.fixed->scale == tensor.fixed->scale);
    RC_ASSERT(other.fixed->zero == tensor.fixed->zero);
    RC_ASSERT(other.fixed->scaled_for == tensor.fixed->scaled_for);
  }
}

TEST(PlanToJson, IsTheDocumentedText) {
  Plan plan;
  plan.network = "0123456789abcdef";
  plan.tensors.emplace("conv1.weight",
                       TensorPlan{QuantSpec::Parse("int4:c0:fp16").value(), "mse", {}});
  plan.tensors.emplace("relu1", TensorPlan{QuantSpec::Parse("uint8").value(), "max",
                                           FixedScale{0.125F, 0, "uint8"}});
  EXPECT_EQ(PlanToJson(plan), R"({
  "bitwright_plan": 1,
  "network": "0123456789abcdef",
  "tensors": {
    "conv1.weight": {
      "spec": "int4:c0:fp16",
      "scale_method": "mse"
    },
    "relu1": {
      "spec": "uint8",
      "scale_method": "max",
      "scale": 0.125,
      "zero": 0,
      "scaled_for": "uint8"
    }
  }
}
)");
}

TEST(PlanFromJson, FillsInWhatMayBeLeftOut) {
  const Plan plan = PlanFromJson(R"({"bitwright_plan": 1, "network": "n", "tensors":
      {"a": {"spec": "int4"}, "b": {"spec": "uint8", "scale": 2}}})",
                                 "plan.json")
                        .value();
  EXPECT_EQ(plan.tensors.at("a").scale_method, "mse");
  EXPECT_FALSE(plan.tensors.at("a").HasScale());
  EXPECT_TRUE(plan.tensors.at("b").HasScale());
  EXPECT_EQ(plan.tensors.at("b").fixed->scale, 2);
  EXPECT_EQ(plan.tensors.at("b").fixed->zero, 0);
}

TEST(TensorPlan, AnEditedSpecHasNoScaleAnyMore) {
  TensorPlan tensor{QuantSpec::Parse("uint4").value(), "mse", FixedScale{1, 0, "uint8"}};
  EXPECT_FALSE(tensor.HasScale());
  tensor.spec = QuantSpec::Parse("uint8").value();
  EXPECT_TRUE(tensor.HasScale());
}

TEST(PlanFromJson, SaysWhatIsWrongWithTheWhole) {
  EXPECT_EQ(Refusal("spec: int8"), "plan.json: is no JSON; a plan.json of bitwright is needed");
  EXPECT_EQ(Refusal("[1]"), "plan.json: array stands here, an object is needed");
  EXPECT_EQ(Refusal(R"({"bitwright_plam": 1})"),
            "plan.json: unknown key 'bitwright_plam'; nearest is 'bitwright_plan'");
  EXPECT_EQ(Refusal("{}"), "plan.json: 'bitwright_plan' is not 1, the one version there is");
  EXPECT_EQ(Refusal(R"({"bitwright_plan": 2, "network": "", "tensors": {}})"),
            "plan.json: 'bitwright_plan' is not 1, the one version there is");
  EXPECT_EQ(Refusal(R"({"bitwright_plan": 1, "tensors": {}})"),
            "plan.json: 'network' is missing or no string");
  EXPECT_EQ(Refusal(R"({"bitwright_plan": 1, "network": "0"})"),
            "plan.json: 'tensors' is no object");
  EXPECT_EQ(Refusal(R"({"bitwright_plan": 1, "network": "0", "tensors": []})"),
            "plan.json: 'tensors' is no object");
}

TEST(PlanFromJson, SaysWhatIsWrongWithATensor) {
  EXPECT_EQ(TensorRefusal("7"), "plan.json: tensor 'x': number stands here, an object is needed");
  EXPECT_EQ(TensorRefusal(R"({"spec": "int8", "sclae": 1})"),
            "plan.json: tensor 'x': unknown key 'sclae'; nearest is 'scale'");
  EXPECT_EQ(TensorRefusal("{}"), "plan.json: tensor 'x': 'spec' is missing or no string");
  EXPECT_EQ(TensorRefusal(R"({"spec": "int8", "scale_method": 3})"),
            "plan.json: tensor 'x': 'scale_method' is missing or no string");
  EXPECT_EQ(TensorRefusal(R"({"spec": "int8", "scale": "big"})"),
            "plan.json: tensor 'x': 'scale' is no number");
  EXPECT_EQ(TensorRefusal(R"({"spec": "int8", "scale": -2})"),
            "plan.json: tensor 'x': scale is -2, a positive number is needed");
  EXPECT_EQ(TensorRefusal(R"({"spec": "int8", "scale": 1e99})"),
            "plan.json: tensor 'x': scale is inf, a positive number is needed");
  EXPECT_EQ(TensorRefusal(R"({"spec": "int8:asym", "scale": 1, "zero": 0.5})"),
            "plan.json: tensor 'x': 'zero' is no integer");
  EXPECT_EQ(TensorRefusal(R"({"spec": "uint4:asym", "scale": 1, "zero": 16})"),
            "plan.json: tensor 'x': zero is 16, uint4 holds 0 to 15");
  const std::string spec = TensorRefusal(R"({"spec": "itn8"})");
  EXPECT_TRUE(spec.starts_with("plan.json: tensor 'x': spec 'itn8'")) << spec;
}

TEST(PlanFromJson, RefusesAZeroPointWithoutAsym) {
  EXPECT_EQ(TensorRefusal(R"({"spec": "int8", "scale": 1, "zero": 3})"),
            "plan.json: tensor 'x': zero is 3, spec 'int8' has no zero point; add ':asym'");
}

TEST(CheckPlan, AcceptsThePlanOfItsNetwork) {
  const QuantTargets targets = Targets();
  Plan plan;
  plan.network = Fingerprint(targets);
  plan.tensors.emplace("conv.w", TensorPlan{QuantSpec::Parse("int4:c0").value(), "mse", {}});
  EXPECT_TRUE(CheckPlan(plan, targets, "plan.json").has_value());
}

TEST(CheckPlan, RefusesThePlanOfAnotherNetwork) {
  const QuantTargets targets = Targets();
  Plan plan;
  plan.network = Fingerprint(targets);
  plan.tensors.emplace("conv.v", TensorPlan{QuantSpec::Parse("int4:c0").value(), "mse", {}});
  EXPECT_EQ(CheckPlan(plan, targets, "plan.json").error().message,
            "plan.json: the network has no tensor 'conv.v'; nearest is 'conv.w' (is it a plan for "
            "another network?)");
  plan = Plan();
  plan.network = "0011223344556677";
  EXPECT_EQ(CheckPlan(plan, targets, "plan.json").error().message,
            "plan.json: the plan is for network 0011223344556677, this one is " +
                Fingerprint(targets) + "; make a new plan with 'bitwright tune'");
}

// FNV-1a of "x 1 [1,3,4,4];conv.w 0 [2,3,3,3];".
TEST(Fingerprint, DependsOnNamesKindsAndShapes) {
  const QuantTargets targets = Targets();
  EXPECT_EQ(Fingerprint(targets), "a31cb78b2c06f4dc");
  const auto changed = [&](auto change) {
    QuantTargets other = targets;
    change(other.tensors[1]);
    return Fingerprint(other) != Fingerprint(targets);
  };
  EXPECT_TRUE(changed([](QuantTarget& t) { t.name = "conv.v"; }));
  EXPECT_TRUE(changed([](QuantTarget& t) { t.kind = TargetKind::kActivation; }));
  EXPECT_TRUE(changed([](QuantTarget& t) { t.shape = {2, 3, 9}; }));
}

}  // namespace
}  // namespace bw
