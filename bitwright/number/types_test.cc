#include "bitwright/number/types.h"

#include <gtest/gtest.h>

namespace bw::number {
namespace {

std::vector<NumberType> Types(std::string_view list) {
  Expected<std::vector<NumberType>> types = ParseTypes(list);
  EXPECT_TRUE(types.has_value()) << types.error().message;
  return types ? *types : std::vector<NumberType>();
}

TEST(ParseTypes, GivesLibnumbersPlatform) {
  const std::vector<NumberType> types = Types(kLibnumberFormats);
  ASSERT_EQ(types.size(), 3u);
  EXPECT_EQ(types[0].formats, (std::map<int, std::string>{{16, "float16"}, {32, "fp32"}}));
  EXPECT_FALSE(types[0].biased);
  EXPECT_EQ(types[1].formats.size(), 31u);
  EXPECT_EQ(types[1].formats.at(32), "fixed32");
  EXPECT_EQ(types[2].formats.size(), 8u);
  EXPECT_EQ(types[2].formats.at(9), "exp9");
  EXPECT_TRUE(types[1].biased && types[2].biased);
}

TEST(ParseTypes, AlwaysHasFloat32First) {
  const std::vector<NumberType> types = Types("dybit4,dybit2..3");
  ASSERT_EQ(types.size(), 2u);
  EXPECT_EQ(types[0].formats, (std::map<int, std::string>{{32, "fp32"}}));
  EXPECT_EQ(types[1].formats,
            (std::map<int, std::string>{{2, "dybit2"}, {3, "dybit3"}, {4, "dybit4"}}));
}

TEST(ParseTypes, ASecondFormatOfOneWidthBeginsAnotherType) {
  const std::vector<NumberType> types = Types("esb4_1,esb5_1,esb4_2,esb5_2,esb4_1");
  ASSERT_EQ(types.size(), 3u);
  EXPECT_EQ(types[1].formats, (std::map<int, std::string>{{4, "esb4_1"}, {5, "esb5_1"}}));
  EXPECT_EQ(types[2].formats, (std::map<int, std::string>{{4, "esb4_2"}, {5, "esb5_2"}}));
}

TEST(ParseTypes, UnsignedFormsAreTheirOwn) { EXPECT_EQ(Types("fixed4,ufixed4").size(), 3u); }

TEST(ParseTypes, TakesGlobs) { EXPECT_GT(Types("dybit*").at(1).formats.size(), 3u); }

TEST(ParseTypes, RefusesWhatGivesNothing) {
  for (const char* list : {"fixed4,nonsense", "fixed40..50", "zz*"}) {
    const auto types = ParseTypes(list);
    ASSERT_FALSE(types.has_value()) << list;
    EXPECT_NE(types.error().message, "");
  }
}

}  // namespace
}  // namespace bw::number
