#include "bitwright/number/tune.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/number/number_array.h"

namespace bw::number {
namespace {

const std::vector<NumberInfo> kNumbers = {
    {"a", 100, 0.9, 1000, 0}, {"b", 10, 5, 10, 0}, {"c", 1, 0, 3, 0}};

// A made-up program: 1 minus the sum of the steps of its formats near their first bias.
PlanScorer Steps(std::size_t* runs = nullptr) {
  return [runs](SampleSet,
                std::span<const Plan> plans) -> Expected<std::vector<std::optional<double>>> {
    std::vector<std::optional<double>> values;
    for (const Plan& plan : plans) {
      double loss = 0;
      for (const char* name : {"a", "b", "c"}) loss += std::ldexp(1.0, -plan.Find(name).bits());
      if (plan.Find("a").max() < 0.9) loss += 1;
      values.push_back(1 - loss);
    }
    if (runs != nullptr) *runs += plans.size();
    return values;
  };
}

TuneNumbersOptions Options() {
  TuneNumbersOptions options;
  options.bound.limit = 0.9;
  return options;
}

TEST(TuneNumbers, ShrinksThePlanWithinTheBound) {
  const auto result = TuneNumbers(kNumbers, Options(), Steps());
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_TRUE(result->feasible);
  EXPECT_GE(result->value, 0.9);
  EXPECT_EQ(result->bound, 0.9);
  EXPECT_EQ(result->float_bits, 111 * 32);
  double bits = 0;
  for (const NumberInfo& number : kNumbers) {
    EXPECT_TRUE(result->plan.Has(number.name));
    bits += static_cast<double>(number.elements) * result->plan.Find(number.name).bits();
  }
  EXPECT_EQ(result->bits, bits);
  EXPECT_EQ(result->cost, bits);
  EXPECT_LE(bits, 111 * 6);
  EXPECT_GE(result->plan.Find("a").max(), 0.9);
}

TEST(TuneNumbers, BeginsWithTheBiasesOfTheProfile) {
  const auto result = TuneNumbers(kNumbers, Options(), Steps());
  ASSERT_TRUE(result.has_value());
  for (const TuneStep& step : result->steps) {
    if (step.phase != "halve" || step.plan.Find("b").name() != "fixed8") continue;
    EXPECT_EQ(step.plan.Find("a").bias(), 0);   // 0.9
    EXPECT_EQ(step.plan.Find("b").bias(), -3);  // 5
    EXPECT_EQ(step.plan.Find("c").bias(), 0);   // never anything but 0
    return;
  }
  FAIL() << "fixed8 was never tried";
}

TEST(TuneNumbers, AnErrorIsKeptBelowItsBound) {
  TuneNumbersOptions options = Options();
  options.bound = {true, 0.1, std::nullopt, 0};
  const auto error =
      [&](SampleSet set,
          std::span<const Plan> plans) -> Expected<std::vector<std::optional<double>>> {
    auto values = *Steps()(set, plans);
    for (auto& value : values) value = 1 - *value;
    return values;
  };
  const auto result = TuneNumbers(kNumbers, options, error);
  ASSERT_TRUE(result.has_value());
  EXPECT_LE(result->value, 0.1);
  EXPECT_GT(result->value, 0);
  EXPECT_LE(result->bits, 111 * 6);
}

TEST(TuneNumbers, GroupsShareWidthAndTypeAndKeptNumbersStayFloat) {
  TuneNumbersOptions options = Options();
  options.groups = {"[ab]", "b*", "a*"};
  EXPECT_FALSE(TuneNumbers(kNumbers, options, Steps()).has_value());  // no [ in our patterns
  options.groups = {"?"};
  options.keep = {"c"};
  const auto result = TuneNumbers(kNumbers, options, Steps());
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->plan.Find("a").name(), result->plan.Find("b").name());
  EXPECT_TRUE(result->plan.Has("c"));
  EXPECT_TRUE(result->plan.Find("c").is_float32());
}

TEST(TuneNumbers, StoresAndBytesAreOtherObjectives) {
  TuneNumbersOptions options = Options();
  options.objective = Objective::kStores;
  const auto stores = TuneNumbers(kNumbers, options, Steps());
  ASSERT_TRUE(stores.has_value());
  EXPECT_EQ(stores->float_cost, 32 * 1013);
  options.objective = Objective::kBytes;
  const auto bytes = TuneNumbers(kNumbers, options, Steps());
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(bytes->float_cost, 4 * 111);
  EXPECT_EQ(bytes->cost, std::ceil(bytes->plan.Find("a").bits() * 100 / 8.0) +
                             std::ceil(bytes->plan.Find("b").bits() * 10 / 8.0) + 1);
}

TEST(TuneNumbers, TellsEveryBetterPlan) {
  TuneNumbersOptions options = Options();
  std::vector<Plan> told;
  options.best = [&](const Plan& plan, double value) -> Expected<void> {
    EXPECT_GE(value, 0.9);
    told.push_back(plan);
    return {};
  };
  const auto result = TuneNumbers(kNumbers, options, Steps());
  ASSERT_TRUE(result.has_value());
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back(), result->plan);
}

TEST(TuneNumbers, IsTheSameEveryTime) {
  const auto first = TuneNumbers(kNumbers, Options(), Steps());
  const auto second = TuneNumbers(kNumbers, Options(), Steps());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->plan, second->plan);
  EXPECT_EQ(first->steps.size(), second->steps.size());
}

TEST(TuneNumbers, RefusesPatternsAndListsThatGiveNothing) {
  TuneNumbersOptions options = Options();
  options.keep = {"d"};
  EXPECT_FALSE(TuneNumbers(kNumbers, options, Steps()).has_value());
  options.keep = {"*"};
  EXPECT_FALSE(TuneNumbers(kNumbers, options, Steps()).has_value());
  options = Options();
  options.formats = "nonsense";
  EXPECT_FALSE(TuneNumbers(kNumbers, options, Steps()).has_value());
}

TEST(AccuracyBound, IsALimitADropOrAShare) {
  EXPECT_DOUBLE_EQ((AccuracyBound{}.Of(0.98)), 0.98 * 0.99);
  EXPECT_DOUBLE_EQ((AccuracyBound{false, std::nullopt, 0.5, 0}.Of(10)), 9.5);
  EXPECT_DOUBLE_EQ((AccuracyBound{true, std::nullopt, 0.5, 0}.Of(10)), 10.5);
  EXPECT_DOUBLE_EQ((AccuracyBound{false, std::nullopt, std::nullopt, 0.1}.Of(-10)), -11);
  EXPECT_DOUBLE_EQ((AccuracyBound{false, 3, 0.5, 0}.Of(10)), 3);
}

// sum of x*x*gain over a ramp, against double; within this process.
TEST(TuneNumbers, TunesAProgramOfThisProcess) {
  const auto run = [](SampleSet) -> std::optional<double> {
    NumberArray x("inside.x", 64);
    Number gain("inside.gain", 0.37F), sum("inside.sum");
    double exact = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double value = std::sin(static_cast<double>(i));
      x[i] = value;
      sum += x[i] * x[i] * gain;
      exact += value * value * 0.37;
    }
    return std::fabs(sum.AsFloat() - exact) / exact;
  };
  TuneNumbersOptions options;
  options.bound = {true, 0.02, std::nullopt, 0};
  options.keep = {};
  const auto result = TuneNumbers(options, run);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_TRUE(result->feasible);
  EXPECT_LE(result->value, 0.02);
  EXPECT_LT(result->bits, result->float_bits / 3);
  EXPECT_EQ(run(SampleSet::kFull), result->value);  // its plan is in force
  UsePlan({});
}

}  // namespace
}  // namespace bw::number
