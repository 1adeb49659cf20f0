// bitwright tune-program on programs that run in processes of their own.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bitwright/number/binding.h"
#include "bitwright/number/process.h"
#include "tests/support/made_program.h"
#include "tests/support/program.h"

namespace bw::program {
namespace {

using Json = nlohmann::json;

class TuneProgram : public ::testing::Test {
 protected:
  Outcome Tune(const std::string& run, const std::vector<std::string>& more,
               const std::string& regex = "[a-z_]+=([-0-9.]+)") const {
    std::vector<std::string> line = {"tune-program", "--run", run, "--accuracy-regex",
                                     regex,          "-o",    out_};
    line.insert(line.end(), more.begin(), more.end());
    return RunProgram(line);
  }
  Json Report() const { return Json::parse(Slurp(out_ + "/report.json")); }

  const Folder folder_;
  const std::string out_ = folder_.path("out");
};

double Spectrum(const std::string& segments, const std::string& plan) {
  const auto result = number::RunProcess({BW_SPECTRUM, segments, plan}, {}, 60);
  EXPECT_TRUE(result.has_value() && result->ok());
  return std::stod(result->out.substr(result->out.find('=') + 1));
}

TEST_F(TuneProgram, ShrinksTheExampleWithinItsBound) {
  const std::string program = BW_SPECTRUM;
  const Outcome outcome = Tune("'" + program + "' 8 {plan}",
                               {"--run-small", "'" + program + "' 2 {plan}", "--min-accuracy", "40",
                                "--group", "data.*", "--group", "twiddle.*", "--jobs", "2"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(folder_.List("out"), (std::set<std::string>{"plan.txt", "report.json", "report.txt"}));
  const Json report = Report();
  EXPECT_GE(report["value"], 40);
  EXPECT_NEAR(Spectrum("8", out_ + "/plan.txt"), report["value"].get<double>(), 1e-3);
  EXPECT_EQ(report["numbers"].size(), 6u);
  EXPECT_EQ(report["float_bits"], 32 * (3 * 256 + 2 * 128 + 129));
  EXPECT_LT(report["bits"].get<double>(), report["float_bits"].get<double>() / 2.5);
  EXPECT_TRUE(report["finished"]);
  EXPECT_EQ(report["numbers"][0]["format"], report["numbers"][1]["format"]);  // data.im, data.re
}

TEST_F(TuneProgram, GivesTheSamePlanForAnyNumberOfJobs) {
  const std::string program = PutMadeProgram(folder_);
  ASSERT_EQ(Tune(program + " {plan}", {"--max-drop", "5%"}).exit_code, 0);
  const std::string plan = Slurp(out_ + "/plan.txt");
  ASSERT_EQ(Tune(program + " {plan}", {"--max-drop", "5%", "--jobs", "3"}).exit_code, 0);
  EXPECT_EQ(Slurp(out_ + "/plan.txt"), plan);
  EXPECT_NE(plan.find("a fixed"), std::string::npos) << plan;
}

TEST_F(TuneProgram, HandsThePlanOverInTheEnvironmentWithoutAPlaceholder) {
  ASSERT_EQ(Tune(PutMadeProgram(folder_), {"--max-drop", "0.05"}).exit_code, 0);
  const Json report = Report();
  // The fewest bits with 2^-a + 2^-b up to 0.05 and 100 a + 10 b least: a = 5 and b = 6.
  EXPECT_EQ(report["bits"], 100 * 5 + 10 * 6);
  EXPECT_GE(report["value"], 0.95);
}

TEST_F(TuneProgram, KeepsAnErrorBelowItsBound) {
  const Outcome outcome = Tune(PutMadeProgram(folder_),
                               {"--lower-is-better", "--max-accuracy", "0.05"}, "loss ([0-9.]+)");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(Report()["lower_is_better"]);
  EXPECT_EQ(Report()["bound"], 0.05);
  EXPECT_LE(Report()["value"], 0.05);
  EXPECT_EQ(Report()["bits"], 100 * 5 + 10 * 6);
}

TEST_F(TuneProgram, RefusesPlansUnderWhichTheProgramCrashesAndGoesOn) {
  const std::string program =
      PutMadeProgram(folder_,
                     "if [ $a -lt 9 ]; then echo 'a is too narrow' >&2; kill -SEGV $$; fi\n"
                     "if [ $b -eq 7 ]; then exit 4; fi\n"
                     "if [ $b -eq 6 ]; then echo nothing; exit; fi");
  const Outcome outcome = Tune(program, {"--max-drop", "50%"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* part : {"gave no accuracy", "signal 11", "a is too narrow", "fixed8"}) {
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in: " << outcome.err;
  }
  const Json report = Report();
  EXPECT_EQ(report["numbers"][0]["bits"], 9);
  EXPECT_GT(report["failed_runs"].size(), 0u);
  EXPECT_GE(report["value"], 0.5);
}

TEST_F(TuneProgram, KillsARunThatDoesNotEnd) {
  const std::string program = PutMadeProgram(folder_, "if [ $a -lt 8 ]; then sleep 1000; fi");
  const Outcome outcome = Tune(program, {"--max-drop", "50%", "--timeout", "3", "--evaluations",
                                         "4", "--formats", "fixed2..8"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("no end within 3 s"), std::string::npos) << outcome.err;
  EXPECT_EQ(Report()["numbers"][0]["bits"], 8);
}

TEST_F(TuneProgram, ReadsPastLinesOfAnyLength) {
  const std::string program =
      PutMadeProgram(folder_, "head -c 3000000 /dev/zero | tr '\\0' x; echo");
  const Outcome outcome = Tune(program, {"--max-drop", "5%", "--evaluations", "3"}, ".*acc=(.*)");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST_F(TuneProgram, KeepsTheBestWhenItsBudgetEnds) {
  const Outcome outcome =
      Tune(PutMadeProgram(folder_), {"--max-drop", "50%", "--evaluations", "4", "--json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_FALSE(Report()["finished"]);
  EXPECT_LT(Report()["bits"], Report()["float_bits"]);
  EXPECT_EQ(Json::parse(outcome.out), Report());
}

TEST_F(TuneProgram, SaysWhenFloat32ItselfIsOutsideTheBound) {
  const Outcome outcome = Tune(PutMadeProgram(folder_), {"--min-accuracy", "2"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("2 is allowed"), std::string::npos) << outcome.err;
  EXPECT_EQ(Slurp(out_ + "/plan.txt"), "a fp32\nb fp32\n");
}

TEST_F(TuneProgram, TakesTheNumbersFromAFile) {
  const std::string numbers = folder_.Put("numbers.txt", "b 10 5\n");
  const Outcome outcome = Tune(PutMadeProgram(folder_), {"--max-drop", "5%", "--numbers", numbers});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(Report()["left_out"], Json::array({"a"}));
  EXPECT_EQ(Report()["numbers"].size(), 1u);
}

// What the library itself does for a program that is run by hand.
class RunByHand : public ::testing::Test {
 protected:
  number::ProcessResult Run(const std::map<std::string, std::string>& environment) const {
    const auto result = number::RunProcess({BW_SPECTRUM, "2"}, environment, 60);
    EXPECT_TRUE(result.has_value());
    return result ? *result : number::ProcessResult();
  }
  const Folder folder_;
};

TEST_F(RunByHand, ThePlanOfTheEnvironmentIsInForce) {
  const std::string plan = folder_.Put("plan", "data.re fixed6\n");
  const number::ProcessResult plain = Run({}), planned = Run({{"BITWRIGHT_PLAN", plan}});
  EXPECT_TRUE(planned.ok()) << planned.err;
  EXPECT_NE(plain.out, planned.out);
}

TEST_F(RunByHand, ABrokenPlanEndsTheProgramBeforeItComputes) {
  const std::string plan = folder_.Put("plan", "data.re fixd6\n");
  const number::ProcessResult result = Run({{"BITWRIGHT_PLAN", plan}});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("line 1: unknown format 'fixd6'"), std::string::npos) << result.err;
}

TEST_F(RunByHand, APlanForAnotherProgramIsRefusedWithTheNearestName) {
  const std::string plan = folder_.Put("plan", "windw fixed6\n");
  const number::ProcessResult result = Run({{"BITWRIGHT_PLAN", plan}});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.err.find("'windw' names no Number of this program, nearest is 'window'"),
            std::string::npos)
      << result.err;
}

TEST_F(RunByHand, DescribesItsNumbers) {
  ASSERT_TRUE(Run({{"BITWRIGHT_NUMBERS", folder_.path("numbers")}}).ok());
  const auto numbers = number::ParseNumbers(Slurp(folder_.path("numbers")), "numbers");
  ASSERT_TRUE(numbers.has_value()) << numbers.error().message;
  ASSERT_EQ(numbers->size(), 6u);
  EXPECT_EQ(numbers->at(2).name, "power");
  EXPECT_EQ(numbers->at(2).elements, 129);
  EXPECT_EQ(numbers->at(5).max_abs, 1);  // the window's peak
}

}  // namespace
}  // namespace bw::program
