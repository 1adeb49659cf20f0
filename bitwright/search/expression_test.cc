#include "bitwright/search/expression.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

const std::vector<std::string> kNames = {"bytes", "luts", "float_bytes"};

double Value(const std::string& text) {
  const Expected<Expression> expression = Expression::Parse(text, kNames);
  EXPECT_TRUE(expression.has_value()) << (expression ? "" : expression.error().message);
  return expression ? (*expression)(std::vector<double>{10, 4, 80}) : 0;
}

TEST(Expression, ComputesWithNamesAndSuffixes) {
  EXPECT_EQ(Value("bytes"), 10);
  EXPECT_EQ(Value("bytes/float_bytes + 0.5*luts"), 10.0 / 80 + 2);
  EXPECT_EQ(Value("100k"), 100e3);
  EXPECT_EQ(Value("1.5M + 2G"), 1.5e6 + 2e9);
  EXPECT_EQ(Value("1%"), 0.01);
  EXPECT_EQ(Value("max(bytes, 3*luts)"), 12);
  EXPECT_EQ(Value("bytes^2"), 100);
}

TEST(Expression, SaysWhatItUses) {
  EXPECT_EQ(Expression::Parse("float_bytes - bytes", kNames)->used(),
            (std::vector<std::size_t>{0, 2}));
  EXPECT_TRUE(Expression::Parse("3*4", kNames)->used().empty());
}

TEST(Expression, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const char* text) {
    const auto expression = Expression::Parse(text, kNames);
    return expression ? std::string("accepted") : expression.error().message;
  };
  EXPECT_EQ(refused("byts*2"),
            "'byts*2': unknown 'byts', nearest is 'bytes' (known: bytes, luts, float_bytes)");
  EXPECT_TRUE(refused("bytes +").starts_with("'bytes +': "));
  EXPECT_TRUE(refused("").starts_with("'': "));
}

TEST(ParseComparison, TakesBothDirections) {
  const auto at_most = ParseComparison("bytes<=100k");
  EXPECT_EQ(at_most->left, "bytes");
  EXPECT_EQ(at_most->right, "100k");
  EXPECT_TRUE(at_most->at_most);
  EXPECT_FALSE(ParseComparison("luts > 5")->at_most);
  EXPECT_EQ(ParseComparison("luts > 5")->right, " 5");
  EXPECT_FALSE(ParseComparison("bytes").has_value());
  EXPECT_FALSE(ParseComparison("1<bytes<3").has_value());
}

}  // namespace
}  // namespace bw
