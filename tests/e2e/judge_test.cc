// tune by somebody else's measure.

#include <cstdlib>

#include "tests/e2e/report.h"
#include "tests/errors/refusal.h"
#include "tests/support/made_program.h"

namespace bw::program {
namespace {

class JudgedTune : public Refusals {
 protected:
  std::vector<std::string> Line(const std::string& judge, const std::vector<std::string>& more = {},
                                const std::string& max_drop = "0.02") const {
    return Join({"tune", GlyphNetwork(), "-o", out_, "--data", set_.images, "--preprocess",
                 GlyphPreprocess(), "--formats", "int3,int4,int8", "--sensitivity-samples", "16",
                 "--budget", "12evals", "--max-drop", max_drop, "--evaluate", judge},
                more);
  }
  // The judge's own answer, as the script computes it.
  double Value(const std::string& model) const {
    return 1 - 1000 / static_cast<double>(Slurp(model).size());
  }
};

TEST_F(JudgedTune, ReportsTheJudgesNumberOfTheNetworkThatIsWritten) {
  Succeed(Line(PutMadeJudge(folder_) + " {model.onnx}"));
  EXPECT_EQ(folder_.List("out"), kJudged);
  const Json report = ReadJson(out_ + "/report.json");
  EXPECT_NEAR(report["quantized"]["value"].get<double>(), Value(out_ + "/model.onnx"), 1e-8);
  EXPECT_GT(report["drop"].get<double>(), 0);
  EXPECT_LE(report["drop"].get<double>(), 0.02);
  EXPECT_EQ(report["certificate"], nullptr);
  EXPECT_GE(report["judge"]["runs"].get<int>(), 3);
  EXPECT_TRUE(report["judge"]["faults"].empty());
}

TEST_F(JudgedTune, TheNameIsInTheEnvironmentOfACommandWithoutAPlace) {
  Succeed(Line(PutMadeJudge(folder_)));
  EXPECT_NEAR(ReadJson(out_ + "/report.json")["quantized"]["value"].get<double>(),
              Value(out_ + "/model.onnx"), 1e-8);
}

// The float network has 250 kB, one of 8 bits about 70 kB, one of 3 bits about 30 kB.
TEST_F(JudgedTune, ANetworkItHasNoValueForIsRefusedAndTold) {
  const Outcome outcome = RunProgram(
      Line(PutMadeJudge(folder_, "test $bytes -gt 45000 || { echo too small >&2; exit 3; }"), {},
           "0.9"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json report = ReadJson(out_ + "/report.json");
  ASSERT_FALSE(report["judge"]["faults"].empty());
  EXPECT_EQ(report["judge"]["faults"][0], "exit code 3; its standard error ends: too small");
  EXPECT_GT(Slurp(out_ + "/model.onnx").size(), 45000U);
}

TEST_F(JudgedTune, AJudgeThatFailsOnTheFloatNetworkEndsTheSearchBeforeItBegins) {
  const auto said = [&](const std::string& before, const std::vector<std::string>& parts,
                        const std::vector<std::string>& more = {}) {
    ExpectInput(Line(PutMadeJudge(folder_, before), more),
                Join({"--evaluate", "on the float network"}, parts));
  };
  said("kill -SEGV $$", {"signal 11"});
  said("echo no GPU >&2; exit 7", {"exit code 7", "no GPU"});
  said("echo 0.5; echo done; exit 0", {"its last line is 'done'", "number"});
  said("echo 0.5 percent; exit 0", {"its last line is '0.5 percent'"});
  said("echo nan; exit 0", {"its last line is 'nan'"});
  said("exit 0", {"it printed nothing"});
  said("sleep 1000", {"no end within 0.2 s"}, {"--evaluate-timeout", "0.2"});
}

TEST_F(JudgedTune, ACommandThatIsNotThereIsNamed) {
  ExpectUsage(Line("./no-such-judge {model.onnx}"), {"--evaluate", "no-such-judge"});
  ExpectUsage(Line("'judge"), {"--evaluate", "does not end"});
}

TEST_F(JudgedTune, RefusesWhatDoesNotGoWithAJudge) {
  const std::string judge = PutMadeJudge(folder_);
  ExpectUsage(Line(judge, {}, "1%"), {"--max-drop", "'1%'", "judge's own unit"});
  ExpectUsage(Line(judge, {"--confidence", "95%"}), {"--confidence", "--evaluate"});
}

TEST_F(JudgedTune, ADropThatNothingMeetsLeavesTheNearest) {
  const Outcome outcome = RunProgram(Line(PutMadeJudge(folder_), {}, "0"));
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_EQ(folder_.List("out"), kJudged);
}

}  // namespace
}  // namespace bw::program
