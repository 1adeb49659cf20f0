// tune on the embedded example, as a user runs it.

#include "tests/e2e/report.h"

namespace bw::program {
namespace {

class Tune : public ::testing::Test {
 protected:
  // What a line needs, and the options that `more` does not give.
  std::vector<std::string> Line(const std::string& out,
                                const std::vector<std::string>& more = {}) const {
    static const std::vector<std::pair<std::string, std::string>> kOptions = {
        {"--evaluations", "12"},
        {"--max-drop", "5%"},
        {"--formats", "int3,int4,int6,int8,dybit4"},
        {"--sensitivity-samples", "64"}};
    std::vector<std::string> line = {"tune", GlyphNetwork(), "-o", folder_.path(out)};
    for (const auto& [name, value] : kOptions) {
      if (std::find(more.begin(), more.end(), name) == more.end()) line = Join(line, {name, value});
    }
    return Join(Join(line, set_.Arguments()), more);
  }
  std::string Text(const std::string& out, const std::string& file) const {
    return Slurp(folder_.path(out + "/" + file));
  }

  const Folder folder_;
  const GlyphSet set_{folder_, 12, 600};
};

TEST_F(Tune, TheSameBytesForAnyNumberOfThreads) {
  Succeed(Line("one", {"--threads", "1"}));
  Succeed(Line("two", {"--threads", "2"}));
  EXPECT_EQ(Text("two", "plan.json"), Text("one", "plan.json"));
  EXPECT_TRUE(Text("two", "model.onnx") == Text("one", "model.onnx"));
  Json one = ReadJson(folder_.path("one/report.json"));
  Json two = ReadJson(folder_.path("two/report.json"));
  for (const char* key : {"seconds", "peak_memory_bytes"}) {
    one.erase(key);
    two.erase(key);
  }
  EXPECT_EQ(one, two);
}

TEST_F(Tune, AnotherSeedSplitsAnotherWay) {
  for (const auto& [out, seed] : {std::pair("one", "1"), std::pair("two", "2")}) {
    const Outcome outcome = RunProgram(Line(out, {"--seed", seed}));
    EXPECT_LE(outcome.exit_code, 1) << outcome.err;  // 1: the bound failed on the test split
    EXPECT_EQ(outcome.signal, 0);
  }
  EXPECT_NE(Text("one", "plan.json"), Text("two", "plan.json"));
}

TEST_F(Tune, TheResultIsSmallerAndReportedInFull) {
  Succeed(Line("out"));
  EXPECT_EQ(folder_.List("out"), kTuned);
  const Json report = ReadJson(folder_.path("out/report.json"));
  EXPECT_EQ(report["max_drop"], 0.05);
  EXPECT_LE(report["search_drop"].get<double>(), 0.05);
  EXPECT_LE(report["drop"].get<double>(), 0.05);
  EXPECT_EQ(report["float"]["images"], 240);
  EXPECT_GT(report["weights"]["ratio"].get<double>(), 4.2);
  EXPECT_GT(report["activations"]["ratio"].get<double>(), 4.0);
  for (const Json& tensor : report["tensors"]) {
    EXPECT_GE(tensor["sensitivity"].get<double>(), -1e-6) << tensor.dump();
  }
  ExpectHonestSize(folder_.path("out"), report);
}

TEST_F(Tune, ItsPlanGivesTheSameModelToQuantize) {
  Succeed(Line("tuned"));
  const std::string plan = folder_.path("tuned/plan.json");
  Succeed(Join({"quantize", GlyphNetwork(), "--plan", plan, "-o", folder_.path("again")},
               set_.Arguments()));
  EXPECT_TRUE(Text("again", "model.onnx") == Text("tuned", "model.onnx"));
  EXPECT_EQ(Text("again", "plan.json"), Text("tuned", "plan.json"));
}

TEST_F(Tune, ABoundThatCannotBeMetStillLeavesTheBestResult) {
  const Outcome outcome = RunProgram(
      Line("out", {"--formats", "int2", "--weight-scaling", "t:fp32", "--max-drop", "0.1%"}));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_NE(outcome.err.find("--formats"), std::string::npos) << outcome.err;
  EXPECT_EQ(folder_.List("out"), kTuned);
  EXPECT_GT(ReadJson(folder_.path("out/report.json"))["drop"].get<double>(), 0.001);
}

TEST_F(Tune, SeparateSetsAreUsedAsNamed) {
  const Folder other;
  const GlyphSet test(other, 13, 150);
  Succeed(
      Line("out", {"--test", test.images, "--test-labels", test.labels, "--calib", set_.images}));
  const Json report = ReadJson(folder_.path("out/report.json"));
  EXPECT_EQ(report["quantized"]["images"], 150);
  EXPECT_NE(report["data"].get<std::string>().find(test.images), std::string::npos);
}

TEST_F(Tune, EveryScaleMethodTunesWeights) {
  for (const char* method : {"max", "percentile=99.9", "dda"}) {
    Succeed(Line(method, {"--scale-method", method, "--formats", "dybit4,dybit8"}));
    const Json plan = ReadJson(folder_.path(std::string(method) + "/plan.json"));
    for (const auto& [name, tensor] : plan["tensors"].items()) {
      if (tensor.contains("scale")) continue;  // an activation, which has its own method
      EXPECT_EQ(tensor["scale_method"], method) << name;
    }
  }
}

TEST_F(Tune, EachSideIsSmallerWhenItIsTheOneMinimized) {
  for (const std::string side : {"weights", "activations"}) {
    const Outcome outcome = RunProgram(Line(side, {"--minimize", side, "--evaluations", "40",
                                                   "--max-drop", "1.5%", "--formats", "int2..8"}));
    EXPECT_LE(outcome.exit_code, 1) << outcome.err;  // 1: the bound failed on the test split
    EXPECT_EQ(outcome.signal, 0);
  }
  const Json w = ReadJson(folder_.path("weights/report.json"));
  const Json a = ReadJson(folder_.path("activations/report.json"));
  EXPECT_LT(w["weights"]["bytes"].get<int>(), a["weights"]["bytes"].get<int>());
  EXPECT_LT(a["activations"]["bytes"].get<int>(), w["activations"]["bytes"].get<int>());
}

TEST_F(Tune, ACertifiedBoundHoldsAtItsConfidence) {
  const Outcome outcome = RunProgram(Line("out", {"--confidence", "95%", "--max-drop", "8%"}));
  const Json report = ReadJson(folder_.path("out/report.json"));
  const Json& certificate = report["certificate"];
  EXPECT_EQ(outcome.exit_code, certificate["certified"].get<bool>() ? 0 : 1) << outcome.err;
  EXPECT_EQ(certificate["certified"].get<bool>(), certificate["upper_limit"].get<double>() <= 0.08);
  EXPECT_LE(certificate["search_upper_limit"].get<double>(), 0.08);
  EXPECT_EQ(certificate["samples"], 240);
  EXPECT_NEAR((certificate["lost"].get<double>() - certificate["won"].get<double>()) / 240,
              report["drop"].get<double>(), 1e-12);
  EXPECT_EQ(report["splits"], (Json{{"calibration", 120},
                                    {"search", 240},
                                    {"test", 240},
                                    {"search_in_calibration", 0},
                                    {"test_in_others", 0},
                                    {"disjoint", true}}));
  // Without the demand the same is told, and decides nothing.
  Succeed(Line("plain"));
  EXPECT_EQ(ReadJson(folder_.path("plain/report.json"))["certificate"]["demanded"], false);
}

}  // namespace
}  // namespace bw::program
