#include "bitwright/number/process.h"

#include <gtest/gtest.h>

#include <csignal>

namespace bw::number {
namespace {

using Words = std::vector<std::string>;

ProcessResult Shell(const std::string& script, double timeout = 60) {
  const auto result = RunProcess({"sh", "-c", script}, {{"BW_TEST_WORD", "given"}}, timeout);
  EXPECT_TRUE(result.has_value());
  return result ? *result : ProcessResult();
}

TEST(SplitCommand, SplitsAsAShellWould) {
  EXPECT_EQ(*SplitCommand("./prog  {plan}\t-x"), (Words{"./prog", "{plan}", "-x"}));
  EXPECT_EQ(*SplitCommand("sh -c 'a \"b\" \\n'"), (Words{"sh", "-c", "a \"b\" \\n"}));
  EXPECT_EQ(*SplitCommand("a\\ b \"c \\\" d\" '' e'f'g"), (Words{"a b", "c \" d", "", "efg"}));
  EXPECT_FALSE(SplitCommand("a 'b").has_value());
  EXPECT_FALSE(SplitCommand("  ").has_value());
}

TEST(RunProcess, GivesOutputsAndExitCode) {
  const ProcessResult result = Shell("echo out; echo err >&2; exit 3");
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.How(1), "exit code 3");
}

TEST(RunProcess, AddsToTheEnvironmentAndGivesNoInput) {
  EXPECT_EQ(Shell("cat; echo $BW_TEST_WORD; test -n \"$PATH\" && echo kept").out, "given\nkept\n");
}

TEST(RunProcess, TellsASignalFromAnExit) {
  const ProcessResult result = Shell("kill -SEGV $$");
  EXPECT_EQ(result.signal, SIGSEGV);
  EXPECT_FALSE(result.ok());
  EXPECT_NE(result.How(1).find("signal 11"), std::string::npos);
}

TEST(RunProcess, EndsTheProgramAndItsChildrenAtTheTimeout) {
  const ProcessResult result = Shell("sleep 1000 & sleep 1000", 0.05);
  EXPECT_TRUE(result.timed_out);
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.How(0.05), "no end within 0.05 s");
}

TEST(RunProcess, DoesNotWaitForAChildThatHoldsTheOutputOpen) {
  const ProcessResult result = Shell("sleep 1000 & echo $!", 60);
  EXPECT_TRUE(result.ok());
  ASSERT_NE(result.out, "");
  ::kill(std::stoi(result.out), SIGKILL);
}

TEST(RunProcess, TakesMoreOutputThanAPipeHolds) {
  const ProcessResult result =
      Shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done");
  EXPECT_EQ(result.out.size(), 20000u * 11);
}

TEST(RunProcess, SaysWhatCannotBeStarted) {
  const auto result = RunProcess({"./no-such-program"}, {}, 1);
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().message.find("no-such-program"), std::string::npos);
}

}  // namespace
}  // namespace bw::number
