#include "bitwright/base/text.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

TEST(Split, KeepsEmptyPieces) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(Split("a,", ','), (std::vector<std::string>{"a", ""}));
  EXPECT_TRUE(Split("", ',').empty());
}

TEST(Nearest, FindsTheTypo) {
  const std::vector<std::string> names = {"e5m2", "e4m3fn", "int4"};
  EXPECT_EQ(Nearest("e4m3nf", names), "e4m3fn");
  EXPECT_EQ(Nearest("itn4", names), "int4");
}

TEST(GlobMatch, StarMatchesAnyRun) {
  EXPECT_TRUE(GlobMatch("esb*", "esb4_1"));
  EXPECT_TRUE(GlobMatch("*_1", "esb4_1"));
  EXPECT_TRUE(GlobMatch("int?", "int4"));
  EXPECT_FALSE(GlobMatch("int?", "int16"));
  EXPECT_FALSE(GlobMatch("esb", "esb4_1"));
}

TEST(ParseInt, TakesTheWholeTextOnly) {
  std::int64_t value = 0;
  EXPECT_TRUE(ParseInt("-12", value));
  EXPECT_EQ(value, -12);
  EXPECT_FALSE(ParseInt("12x", value));
  EXPECT_FALSE(ParseInt("", value));
  EXPECT_FALSE(ParseInt("99999999999999999999", value));
}

TEST(ReplaceAll, ReplacesEachPlaceOnce) {
  EXPECT_EQ(ReplaceAll("a{x}b{x}", "{x}", "1"), "a1b1");
  EXPECT_EQ(ReplaceAll("{x}", "{x}", "{x}{x}"), "{x}{x}");
  EXPECT_EQ(ReplaceAll("none", "{x}", "1"), "none");
}

TEST(LastLines, JoinsTheLastOnesThatAreNotBlank) {
  EXPECT_EQ(LastLines("a\nb\n\n \t\r\nc\n", 2), "b | c");
  EXPECT_EQ(LastLines("\n \n", 3), "");
  EXPECT_EQ(LastLines(std::string(400, 'x') + "end", 1), "..." + std::string(297, 'x') + "end");
}

}  // namespace
}  // namespace bw
