// Programs and lines that tune-program refuses.

#include "tests/errors/refusal.h"
#include "tests/support/made_program.h"

namespace bw::program {
namespace {

class BadProgram : public ::testing::Test {
 protected:
  std::vector<std::string> Line(const std::string& run,
                                const std::vector<std::string>& more = {}) const {
    return Join({"tune-program", "--run", run, "--accuracy-regex", "acc=([0-9.]+)", "-o",
                 folder_.path("out")},
                more);
  }
  void ExpectInput(const std::vector<std::string>& line,
                   const std::vector<std::string>& parts) const {
    ExpectRefusal(RunProgram(line), kInput, parts);
    EXPECT_EQ(folder_.List("out"), std::set<std::string>());
  }
  void ExpectUsage(const std::vector<std::string>& line,
                   const std::vector<std::string>& parts) const {
    ExpectRefusal(RunProgram(line), kUsage, parts);
    EXPECT_EQ(folder_.List("out"), std::set<std::string>());
  }

  const Folder folder_;
};

TEST_F(BadProgram, CannotBeStarted) {
  ExpectInput(Line("./no-such-program {plan}"), {"no-such-program", "cannot be started"});
}

TEST_F(BadProgram, CrashesInFloat32) {
  ExpectInput(Line(PutMadeProgram(folder_, "echo why >&2; kill -SEGV $$")),
              {"float32", "signal 11", "why"});
  ExpectInput(Line(PutMadeProgram(folder_, "exit 7")), {"float32", "exit code 7"});
}

TEST_F(BadProgram, PrintsNoAccuracy) {
  ExpectInput(Line(PutMadeProgram(folder_, "echo other=1; exit 0")), {"acc=([0-9.]+)", "other=1"});
  ExpectInput(Line(PutMadeProgram(folder_, "echo acc=1.2.3; exit 0")), {"1.2.3", "a number"});
}

TEST_F(BadProgram, DoesNotEnd) {
  ExpectInput(Line(PutMadeProgram(folder_, "sleep 1000"), {"--timeout", "0.5"}),
              {"no end within 0.5 s"});
}

TEST_F(BadProgram, TellsOfNoNumbers) {
  ExpectInput(Line("sh -c 'echo acc=1'"), {"no Numbers", "bitwright::number", "--numbers"});
}

TEST_F(BadProgram, HasNotTheNumberOfTheFile) {
  const std::string numbers = folder_.Put("numbers.txt", "a 100 0.9\nbb 10 5\n");
  ExpectInput(Line(PutMadeProgram(folder_), {"--numbers", numbers}),
              {"numbers.txt", "'bb'", "nearest is 'b'"});
  const std::string broken = folder_.Put("broken.txt", "a 100\n");
  ExpectInput(Line(PutMadeProgram(folder_), {"--numbers", broken}), {"broken.txt", "line 1"});
}

TEST_F(BadProgram, CrashesOnTheSmallSet) {
  ExpectInput(Line(PutMadeProgram(folder_), {"--run-small", "sh -c 'exit 9'"}),
              {"sh -c", "exit code 9"});
}

TEST_F(BadProgram, PatternsMustMatchANumber) {
  ExpectInput(Line(PutMadeProgram(folder_), {"--keep", "c*"}), {"'c*'", "no Number"});
  ExpectInput(Line(PutMadeProgram(folder_), {"--group", "x"}), {"'x'", "no Number"});
}

TEST_F(BadProgram, OptionsOfTheLineAreChecked) {
  const std::string run = "sh -c 'echo acc=1'";
  ExpectUsage({"tune-program", "-o", folder_.path("out")}, {"--run"});
  ExpectUsage(Line("sh -c 'echo"), {"--run", "does not end"});
  ExpectUsage(
      {"tune-program", "--run", run, "--accuracy-regex", "acc=(", "-o", folder_.path("out")},
      {"--accuracy-regex", "'acc=('"});
  ExpectUsage({"tune-program", "--run", run, "--accuracy-regex", "acc=", "-o", folder_.path("out")},
              {"--accuracy-regex", "no group"});
  ExpectUsage(Line(run, {"--max-drop", "much"}), {"--max-drop", "'much'"});
  ExpectUsage(Line(run, {"--budget", "soon"}), {"--budget", "'soon'"});
  ExpectUsage(Line(run, {"--min-accuracy", "1", "--lower-is-better"}), {"--max-accuracy"});
  ExpectUsage(Line(run, {"--max-accuracy", "1"}), {"--lower-is-better"});
  ExpectUsage(Line(run, {"--formats", "fixd4"}), {"--formats", "fixd4"});
  ExpectUsage(Line(run, {"--objective", "beauty"}), {"--objective"});
  ExpectUsage(Line(run, {"--jobs", "0"}), {"--jobs"});
}

}  // namespace
}  // namespace bw::program
