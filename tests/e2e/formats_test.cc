// formats, formats show and formats compare, as a user runs them.

#include <cmath>

#include "tests/e2e/report.h"

namespace bw::program {
namespace {

Json RunJson(const std::vector<std::string>& arguments) {
  const Outcome outcome = RunProgram(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return Json::parse(outcome.out);
}

TEST(FormatsShow, PrintsEveryCodeAndValue) {
  const Json card = RunJson({"formats", "show", "dybit4", "--json"})[0];
  // DyBit, TCAD 2023, table I: the magnitudes of four bits with a sign.
  const std::vector<double> magnitudes = {0, 0.25, 0.5, 0.75, 1, 1.5, 2, 4};
  ASSERT_EQ(card["values"].size(), 16U);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(card["values"][i].get<double>(), magnitudes[i]);
    EXPECT_EQ(card["values"][i + 8].get<double>(), -magnitudes[i]);
  }
  EXPECT_NEAR(card["normal"]["mean_squared_error"].get<double>(), 0.014951, 1e-6);
  EXPECT_NEAR(card["laplace"]["mean_squared_error"].get<double>(), 0.02205, 1e-5);
  EXPECT_EQ(card["integer_unit"].get<double>(), 0.25);
}

TEST(FormatsShow, CutsWideFormatsUnlessAllIsAsked) {
  const auto lines = [](const Outcome& outcome) {
    return std::count(outcome.out.begin(), outcome.out.end(), '\n');
  };
  const Outcome cut = RunProgram({"formats", "show", "fp16"});
  EXPECT_LT(lines(cut), 100);
  EXPECT_NE(cut.out.find("--all shows them"), std::string::npos);
  EXPECT_GT(lines(RunProgram({"formats", "show", "fp16", "--all"})), 65536);
}

TEST(FormatsShow, RefusesAnUnknownNameWithTheNearest) {
  const Outcome outcome = RunProgram({"formats", "show", "dybti4"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("nearest is 'dybit4'"), std::string::npos) << outcome.err;
}

TEST(FormatsCompare, RanksByTheErrorOnATensor) {
  const Folder folder;
  // Multiples of a quarter up to 7/4: esb4_2 and int4 hold them all, binary none but two.
  std::string bytes = "\x93NUMPY\x01";
  bytes += '\0';
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }\n";
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  bytes += header;
  const float elements[8] = {0, 0.25F, -0.5F, 0.75F, 1, -1.25F, 1.5F, 1.75F};
  bytes.append(reinterpret_cast<const char*>(elements), sizeof elements);
  const std::string file = folder.Put("w.npy", bytes);
  const Json scores =
      RunJson({"formats", "compare", "binary", "esb4_2", "lut3", "--on", file, "--json"});
  ASSERT_EQ(scores.size(), 3U);
  EXPECT_EQ(scores[2]["spec"], "binary");
  for (const int exact : {0, 1}) {
    EXPECT_EQ(scores[exact]["mean_squared_error"].get<double>(), 0) << scores[exact]["spec"];
    EXPECT_TRUE(scores[exact]["sqnr_db"].is_null());
  }
  // Eight codes of three bits, eight floats of the table, one float32 scale.
  const Json& lut = scores[0]["spec"] == "lut3" ? scores[0] : scores[1];
  EXPECT_EQ(lut["bits_per_element"].get<double>(), (24 + 8 * 32 + 32) / 8.0);
}

TEST(FormatsCompare, TakesAConstantOfANetwork) {
  const Json scores = RunJson(
      {"formats", "compare", "int8:c0", "int4:c0", "int2:c0", "--on", GlyphNetwork(), "--json"});
  ASSERT_EQ(scores.size(), 3U);
  EXPECT_EQ(scores[0]["spec"], "int8:c0");
  EXPECT_EQ(scores[2]["spec"], "int2:c0");
  EXPECT_GT(scores[0]["sqnr_db"].get<double>(), scores[1]["sqnr_db"].get<double>() + 15);
  const Outcome outcome =
      RunProgram({"formats", "compare", "int8", "--on", GlyphNetwork(), "--tensor", "no.such"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("no constant 'no.such'"), std::string::npos) << outcome.err;
}

TEST(FormatsCompare, WithoutATensorUsesIdealDensities) {
  const Json cards = RunJson({"formats", "compare", "int4", "lut4", "dybit4", "--json"});
  ASSERT_EQ(cards.size(), 3U);
  EXPECT_EQ(cards[0]["name"], "lut4");  // Lloyd-Max for the normal density: nothing is better
  EXPECT_EQ(cards[2]["name"], "dybit4");
}

}  // namespace
}  // namespace bw::program
