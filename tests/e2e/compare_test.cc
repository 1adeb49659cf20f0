// compare on the embedded example, as a user runs it.

#include "tests/e2e/report.h"

namespace bw::program {
namespace {

class Compare : public ::testing::Test {
 protected:
  std::vector<std::string> Line(const std::vector<std::string>& more = {}) const {
    const std::vector<std::string> line = {"compare", GlyphNetwork(), "-o", folder_.path("out")};
    return Join(Join(line, set_.Arguments()), more);
  }

  const Folder folder_;
  const GlyphSet set_{folder_, 11, 300};
};

const std::set<std::string> kTables = {"compare.csv", "compare.json", "compare.md", "compare.svg"};

TEST_F(Compare, GivesATableAndAPlotWhereRepairHelpsFewBits) {
  Succeed(Line({"--families", "int,mx,nf4", "--budgets", "W8A8,W2A8"}));
  EXPECT_EQ(folder_.List("out"), kTables);
  const Json json = ReadJson(folder_.path("out/compare.json"));
  EXPECT_EQ(json["images"], 240);
  ASSERT_EQ(json["cells"].size(), 3U);  // mx has no 2 bits, nf4 neither 8 nor 2
  const Json& wide = json["cells"][0];
  EXPECT_EQ(wide["weights"], "int8");
  EXPECT_NEAR(wide["nearest"]["value"].get<double>(), json["float"].get<double>(), 0.015);
  EXPECT_EQ(json["cells"][1]["weights"], "mxint8");
  const Json& narrow = json["cells"][2];
  EXPECT_EQ(narrow["budget"], "W2A8");
  EXPECT_GT(narrow["repaired"]["value"].get<double>(), narrow["nearest"]["value"].get<double>());
  EXPECT_NE(Slurp(folder_.path("out/compare.md")).find("| int |"), std::string::npos);
  EXPECT_EQ(Slurp(folder_.path("out/compare.svg")).substr(0, 4), "<svg");
}

TEST_F(Compare, GoesOnWhereItWasLeft) {
  Succeed(Line({"--families", "int", "--budgets", "W4A4"}));
  const Json first = ReadJson(folder_.path("out/compare.json"));
  Succeed(Line({"--families", "int,po2", "--budgets", "W4A4"}));
  const Json second = ReadJson(folder_.path("out/compare.json"));
  ASSERT_EQ(second["cells"].size(), 2U);
  EXPECT_EQ(second["cells"][0], first["cells"][0]);           // with the seconds that it took then
  Succeed(Line({"--families", "po2", "--budgets", "W4A4"}));  // nothing known is lost
  EXPECT_EQ(ReadJson(folder_.path("out/compare.json"))["cells"].size(), 2U);
  const Outcome other = RunProgram(Line({"--families", "int", "--effort", "fast"}));
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_NE(other.err.find("holds a comparison whose 'effort' is \"standard\""), std::string::npos)
      << other.err;
}

TEST_F(Compare, RefusesUnknownFamiliesAndBudgets) {
  const Outcome family = RunProgram(Line({"--families", "dybits"}));
  EXPECT_EQ(family.exit_code, 2);
  EXPECT_NE(family.err.find("unknown family 'dybits'; nearest is 'dybit'"), std::string::npos);
  const Outcome budget = RunProgram(Line({"--budgets", "W5A8"}));
  EXPECT_EQ(budget.exit_code, 2);
  EXPECT_NE(budget.err.find("'W5A8' is no budget"), std::string::npos);
}

}  // namespace
}  // namespace bw::program
