#include "bitwright/number/plan.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "bitwright/base/rng.h"

namespace bw::number {
namespace {

Plan Parsed(std::string_view text) {
  Expected<Plan> plan = Plan::Parse(text, "p");
  EXPECT_TRUE(plan.has_value()) << plan.error().message;
  return plan ? *plan : Plan();
}

std::string Refusal(std::string_view text) {
  const Expected<Plan> plan = Plan::Parse(text, "p.txt");
  return plan ? "accepted: " + plan->ToText() : plan.error().message;
}

TEST(Plan, ReadsBothSpellings) {
  const Plan plan = Parsed(
      "# a comment\n"
      "conv1.weight fixed8 bias=-3\n"
      "\n"
      "  fc1.weight\tFIXED 15 -3  # libnumber's\r\n"
      "fc2.weight EXP 8\n"
      "fc3.weight EXP 3 1\n"
      "act dybit4\n"
      "out FLOAT 16\n"
      "in FLOAT 32");
  EXPECT_EQ(plan.Find("conv1.weight").text(), "fixed8 bias=-3");
  EXPECT_EQ(plan.Find("fc1.weight").text(), "fixed15 bias=-3");
  EXPECT_EQ(plan.Find("fc2.weight").text(), "exp8");
  EXPECT_EQ(plan.Find("fc3.weight").text(), "exp3");  // its own B is 1
  EXPECT_EQ(plan.Find("fc3.weight").max(), 4);
  EXPECT_EQ(plan.Find("act").text(), "dybit4");
  EXPECT_EQ(plan.Find("out").text(), "float16");
  EXPECT_EQ(plan.Find("in").text(), "fp32");
  EXPECT_EQ(plan.Find("anything else").text(), "fp32");
  EXPECT_EQ(plan.formats().size(), 7u);
}

TEST(Plan, ABiasDividesTheValues) {
  // value = format value * 2^-bias: fixed8 reaches 127/64.
  EXPECT_EQ(Parsed("x fixed8 bias=-3").Find("x").max(), 127.0 / 64 * 8);
  EXPECT_EQ(Parsed("x FIXED 8 -3").Find("x").max(), 127.0 / 64 * 8);
  EXPECT_EQ(Parsed("x EXP 2 0").Find("x").max(), 2);  // {0, +-2^(1-B)}
}

TEST(Plan, IsReadBackFromItsText) {
  const Plan plan = Parsed("b EXP 4 -2\na fixed20 bias=7\nc posit8_2\nd fp32\n");
  EXPECT_EQ(Parsed(plan.ToText()), plan);
  EXPECT_EQ(plan.ToText().substr(0, 2), "a ");
}

TEST(Plan, SaysTheLineAndWhatIsAllowed) {
  EXPECT_EQ(Refusal("a fixed8\nb"),
            "p.txt: line 2: 'b' has no format, allowed '<name> <format> [bias=<integer>]'");
  EXPECT_NE(Refusal("a fixed8\na int4").find("line 2: 'a' a second time"), std::string::npos);
  EXPECT_NE(Refusal("a fixd8").find("nearest is 'fixed8'"), std::string::npos);
  EXPECT_NE(Refusal("a fixed8 3").find("'3' after the format"), std::string::npos);
  EXPECT_NE(Refusal("a fixed8 bias=x").find("'x' is no integer"), std::string::npos);
  EXPECT_NE(Refusal("a fixed8 bias=1 2").find("'2' after the bias"), std::string::npos);
  EXPECT_NE(Refusal("a FIXED").find("FIXED <width>"), std::string::npos);
  EXPECT_NE(Refusal("a FIXED 33").find("'33', allowed 2 to 32"), std::string::npos);
  EXPECT_NE(Refusal("a EXP 10").find("'10', allowed 2 to 9"), std::string::npos);
  EXPECT_NE(Refusal("a FLOAT 24").find("'24', allowed 16 and 32"), std::string::npos);
  EXPECT_NE(Refusal("a FLOAT 32 1").find("no bias"), std::string::npos);
  EXPECT_NE(Refusal("a FIXED 8 400").find("float32"), std::string::npos);
}

TEST(Plan, NoTextMakesItFallOver) {
  const std::string valid = "conv1.weight fixed8 bias=-3 # c\nfc1 FIXED 15 -3\nx EXP 9 200\n";
  Rng rng(1);
  for (int i = 0; i < 5000; ++i) {
    std::string text = valid;
    for (int edits = 0; edits < 3; ++edits) {
      const std::size_t at = rng.Below(text.size());
      const char c = static_cast<char>(rng.Below(256));
      if (rng.Below(2) == 0) {
        text[at] = c;
      } else {
        text.insert(at, 1, "0123456789 -=#\n"[rng.Below(15)]);
      }
    }
    const Expected<Plan> plan = Plan::Parse(text, "p");
    if (plan) {
      EXPECT_EQ(Parsed(plan->ToText()), *plan);
    } else {
      EXPECT_NE(plan.error().message, "");
    }
  }
}

}  // namespace
}  // namespace bw::number
