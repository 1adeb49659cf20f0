#include "bitwright/number/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

namespace bw::number {
namespace {

const Representation& Get(std::string_view name, int bias = 0) {
  return **Representation::Find(name, bias);
}

// Every test has its own names, since names live as long as the process.
void Use(std::string_view text) { UsePlan(*Plan::Parse(text, "test")); }

TEST(Number, IsFloat32WithoutAPlan) {
  Use("");
  const Number free, named("plain.a", 0.1F);
  EXPECT_TRUE(free.format().is_float32());
  EXPECT_EQ(free.AsFloat(), 0);
  EXPECT_EQ(named.AsFloat(), 0.1F);
  EXPECT_EQ((named * 3).AsFloat(), 0.1F * 3);
}

TEST(Number, AFreeOneTakesValueAndFormat) {
  Number a(0.3F, Get("fixed4"));
  EXPECT_EQ(a.AsFloat(), 0.25F);
  Number b;
  b = a;
  EXPECT_EQ(b.format().text(), "fixed4");
  EXPECT_EQ(b.AsFloat(), 0.25F);
  b = 0.3F;
  EXPECT_TRUE(b.format().is_float32());
  EXPECT_EQ(b.AsFloat(), 0.3F);
}

TEST(Number, ABoundOneHoldsWhatItsPlanSays) {
  Use("hold.x fixed4\nhold.y exp3");
  Number x("hold.x"), y("hold.y");
  x = 0.3F;
  EXPECT_EQ(x.AsFloat(), 0.25F);
  y = 3.5F;
  EXPECT_EQ(y.AsFloat(), 4);
  x = y * 0.1F;  // float32 result, rounded into fixed4
  EXPECT_EQ(x.AsFloat(), 0.5F);
  EXPECT_EQ(x.format().text(), "fixed4");
  x += 100;
  EXPECT_EQ(x.AsFloat(), 1.75F);
  x = x;  // NOLINT
  EXPECT_EQ(x.AsFloat(), 1.75F);
}

TEST(Number, ACopyIsFreeAndAMoveTakesTheName) {
  Use("copy.x fixed4");
  Number x("copy.x", 0.3F);
  Number copy = x;
  EXPECT_FALSE(copy.is_bound());
  EXPECT_EQ(copy.format().text(), "fixed4");
  copy = 0.3F;
  EXPECT_EQ(copy.AsFloat(), 0.3F);
  std::vector<Number> many;
  for (int i = 0; i < 100; ++i) many.emplace_back("copy.x", 0.3F);
  EXPECT_TRUE(many.front().is_bound());
  const Number moved = std::move(x);
  EXPECT_TRUE(moved.is_bound());
}

TEST(Number, BindingALateNameRoundsTheValueItHas) {
  Use("late.x fixed4");
  Number x = 0.3F;
  x.BindTo("late.x");
  EXPECT_EQ(x.AsFloat(), 0.25F);
}

TEST(Number, ArithmeticOfOneFormatRoundsIntoIt) {
  const Number a(0.75F, Get("fixed4")), b(0.5F, Get("fixed4"));
  EXPECT_EQ((a + b).AsFloat(), 1.25F);
  EXPECT_EQ((a * b).AsFloat(), 0.5F);  // 0.375 ties to the even of 0.25 and 0.5
  EXPECT_EQ((a / b).AsFloat(), 1.5F);
  EXPECT_EQ((a - b).AsFloat(), 0.25F);
  EXPECT_EQ((a + a + a).AsFloat(), 1.75F);  // saturates
  EXPECT_EQ((-a).AsFloat(), -0.75F);
  EXPECT_EQ((a * b).format().text(), "fixed4");
}

TEST(Number, ArithmeticOfDifferentFormatsGoesToTheWider) {
  const Number fixed(0.75F, Get("fixed4")), power(16, Get("exp4")), wide(3, Get("float16"));
  EXPECT_EQ((fixed * power).format().text(), "exp4");
  EXPECT_EQ((fixed * power).AsFloat(), 8);  // 12 ties between 8 and 16: even exponent field
  EXPECT_EQ((wide * power).format().text(), "float16");
  EXPECT_EQ((wide * power).AsFloat(), 48);
  EXPECT_TRUE((fixed * 2).format().is_float32());
  EXPECT_EQ((fixed * Number(0.1F)).AsFloat(), 0.75F * 0.1F);
}

TEST(Number, FunctionsRoundIntoTheirOperandsFormat) {
  const Number two(2, Get("fixed8", -3));
  EXPECT_EQ(sqrt(two).AsFloat(), Get("fixed8", -3).Round(std::sqrt(2.0F)));
  EXPECT_EQ(exp(two).format().text(), "fixed8 bias=-3");
  EXPECT_EQ(abs(Number(-3)).AsFloat(), 3);
  EXPECT_EQ(pow(two, Number(3)).AsFloat(), 8);
  EXPECT_EQ(max(two, Number(5)).AsFloat(), 5);
  EXPECT_EQ(floor(Number(-1.5)).AsFloat(), -2);
}

TEST(Number, ComparesByValue) {
  const Number a(0.25F, Get("fixed4")), b(0.25F, Get("exp4"));
  EXPECT_TRUE(a == b);
  EXPECT_TRUE(a < 0.5);
  EXPECT_TRUE(2 > a);
  EXPECT_TRUE(a >= 0.25F);
  const Number nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(nan == nan);
  EXPECT_FALSE(nan < a);
  EXPECT_TRUE(isnan(nan));
}

TEST(Number, ConvertsToNativeNumbers) {
  EXPECT_EQ(Number(2.9F).AsInt(), 2);
  EXPECT_EQ(Number(-2.9F).AsInt(), -2);
  EXPECT_EQ(Number(1e20F).AsInt(), std::numeric_limits<int>::max());
  EXPECT_EQ(Number(-1e20F).AsInt(), std::numeric_limits<int>::min());
  EXPECT_EQ(Number(std::nanf("")).AsInt(), 0);
  EXPECT_EQ(static_cast<double>(Number(0.5)), 0.5);
}

TEST(Number, ANewPlanReachesNumbersThatAreAlive) {
  Use("");
  Number x("alive.x", 0.3F);
  EXPECT_EQ(x.AsFloat(), 0.3F);
  Use("alive.x fixed4");
  EXPECT_EQ(x.AsFloat(), 0.25F);
  Use("alive.x exp3");
  x = 3.4F;
  EXPECT_EQ(x.AsFloat(), 4);
}

TEST(DescribeNumbers, CountsElementsAndFindsTheLargestMagnitude) {
  Use("");
  RecordNumbers(true);
  {
    Number a("describe.a"), b("describe.a");
    a = 2;
    b = -5;
    a = std::numeric_limits<float>::infinity();
  }
  { const Number c("describe.a", 1); }
  RecordNumbers(false);
  Number("describe.a") = 100;
  for (const NumberInfo& info : DescribeNumbers()) {
    if (info.name == "describe.a") {
      EXPECT_EQ(info, (NumberInfo{"describe.a", 2, 5, 4, 1}));
      return;
    }
  }
  FAIL() << "describe.a is missing";
}

TEST(DescribeNumbers, IsReadBackFromItsText) {
  const std::vector<NumberInfo> numbers = {{"a.b", 12, 0.30000001192092896, 7, 1},
                                           {"c", 0, 0, 0, 0}};
  const auto back = ParseNumbers(ToText(numbers), "n");
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(*back, numbers);
  const auto brief = ParseNumbers("w 500 .58 # by hand", "n");
  ASSERT_TRUE(brief.has_value());
  EXPECT_EQ(*brief, (std::vector<NumberInfo>{{"w", 500, .58, 0, 0}}));
}

TEST(ParseNumbers, SaysWhatIsWrong) {
  const auto message = [](std::string_view text) {
    const auto numbers = ParseNumbers(text, "n.txt");
    return numbers ? std::string("accepted") : numbers.error().message;
  };
  EXPECT_NE(message("a 1 1\nb 1").find("n.txt: line 2: 2 words"), std::string::npos);
  EXPECT_NE(message("a x 1").find("'x' elements"), std::string::npos);
  EXPECT_NE(message("a 1 inf").find("'inf'"), std::string::npos);
  EXPECT_NE(message("a 1 nan").find("'nan'"), std::string::npos);
  EXPECT_NE(message("a 1 1 x").find("'x'"), std::string::npos);
}

TEST(CheckPlan, NamesWhatOneSideDoesNotHave) {
  Use("check.known fixed4\ncheck.knwon fixed4");
  const Number known("check.known"), extra("check.extra");
  const Expected<void> unknown = CheckPlan();
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().message,
            "plan: 'check.knwon' names no Number of this program, nearest is 'check.known'");
  Use("check.known fixed4");
  EXPECT_TRUE(CheckPlan().has_value());
  const Expected<void> strict = CheckPlan(true);
  ASSERT_FALSE(strict.has_value());
  EXPECT_NE(strict.error().message.find("has no line"), std::string::npos);
  Use("");
  EXPECT_TRUE(CheckPlan().has_value());
}

TEST(CheckPlanDeathTest, AProcessThatNeverChecksSaysItAtItsEnd) {
  const auto end = [] {
    Use("check.neverbound fixed4");
    std::exit(0);
  };
  EXPECT_EXIT(end(), ::testing::ExitedWithCode(0), "'check.neverbound' names no Number");
}

}  // namespace
}  // namespace bw::number
