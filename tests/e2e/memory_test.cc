// What the program holds at a time: bounded by --memory, and the same for any number of samples.

#include "tests/e2e/report.h"

namespace bw::program {
namespace {

class Memory : public ::testing::Test {
 protected:
  std::vector<std::string> Line(const std::string& command, const std::string& out,
                                const std::vector<std::string>& more) const {
    const std::vector<std::string> line = {command, GlyphNetwork(), "-o", folder_.path(out)};
    return Join(Join(line, set_.Arguments()), more);
  }
  double Peak(const std::string& out) const {
    return ReadJson(folder_.path(out + "/report.json"))["peak_memory_bytes"].get<double>();
  }
  std::string Text(const std::string& file) const { return Slurp(folder_.path(file)); }

  const Folder folder_;
  const GlyphSet set_{folder_, 14, 2000};
};

TEST_F(Memory, CalibrationOnManySamplesTakesNoMoreThanOnFew) {
  const std::vector<std::string> same = {
      "--calib", set_.images, "--limit", "2000", "--threads", "1", "--activation-scale-method",
      "mse"};
  Succeed(Line("quantize", "few", Join(same, {"--calibration-samples", "64"})));
  Succeed(Line("quantize", "many", Join(same, {"--calibration-samples", "2000"})));
  EXPECT_LE(Peak("many"), Peak("few") + 12e6);
}

TEST_F(Memory, TheBoundIsKeptAndChangesNoByte) {
  const std::vector<std::string> tune = {"--evaluations", "12",  "--rounding", "nearest",
                                         "--limit",       "500", "--formats",  "int2..8"};
  Succeed(Line("tune", "free", tune));
  Succeed(Line("tune", "bound", Join(tune, {"--memory", "100m"})));
  EXPECT_LE(Peak("bound"), 100e6);
  EXPECT_EQ(Text("bound/plan.json"), Text("free/plan.json"));
  EXPECT_TRUE(Text("bound/model.onnx") == Text("free/model.onnx"));
}

TEST_F(Memory, CompensatedRoundingKeepsFewerInputsWhereThereIsLittle) {
  Succeed(Line("quantize", "bound", {"--memory", "80m", "--limit", "500"}));
  EXPECT_LE(Peak("bound"), 80e6);
}

TEST_F(Memory, TooLittleIsRefusedWithWhatIsNeeded) {
  const Outcome outcome =
      RunProgram(Join(Join({"eval", GlyphNetwork()}, set_.Arguments()), {"--memory", "10m"}));
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_NE(outcome.err.find("the activations need"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("bound of 10.00 MB"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("raise --memory"), std::string::npos) << outcome.err;
}

TEST_F(Memory, EvalAndSensitivitySayWhatTheyTook) {
  const std::vector<std::string> data = Join(set_.Arguments(), {"--limit", "200", "--json"});
  const Json eval = Json::parse(Succeed(Join({"eval", GlyphNetwork()}, data)));
  EXPECT_GT(eval["peak_memory_bytes"].get<double>(), 1e6);
  const Json table = Json::parse(Succeed(Join(
      Join({"sensitivity", GlyphNetwork(), "--formats", "int2,int8"}, data), {"--samples", "64"})));
  EXPECT_GT(table["peak_memory_bytes"].get<double>(), 1e6);
  EXPECT_EQ(table["samples"], 64);
  std::map<std::string, std::map<std::string, double>> loss;
  for (const Json& row : table["losses"]) {
    if (row["kind"] == "weight") loss[row["tensor"]][row["spec"]] = row["loss"];
  }
  EXPECT_EQ(loss.size(), 10U);
  for (const auto& [tensor, by_spec] : loss) {
    EXPECT_EQ(by_spec.size(), 2U);
    EXPECT_LT(by_spec.rbegin()->second, by_spec.begin()->second) << tensor;  // int8 after int2
  }
}

}  // namespace
}  // namespace bw::program
