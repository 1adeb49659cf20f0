// tune, ended by force or by Ctrl-C and resumed; and stores that searches share.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "bitwright/base/rng.h"
#include "bitwright/tune/sqlite.h"
#include "tests/e2e/report.h"

namespace bw::program {
namespace {

using Clock = std::chrono::steady_clock;

class Resume : public ::testing::Test {
 protected:
  std::vector<std::string> Line(const std::string& out,
                                const std::vector<std::string>& more = {}) const {
    return Join(
        Join({"tune", GlyphNetwork(), "-o", folder_.path(out), "--budget", "12evals", "--max-drop",
              "5%", "--formats", "int3,int4,int6,int8,dybit4", "--sensitivity-samples", "64"},
             set_.Arguments()),
        more);
  }
  // All that a finished search leaves, without the time and the memory it took.
  std::string Results(const std::string& out) const {
    EXPECT_EQ(folder_.List(out), kTuned);
    Json report = ReadJson(folder_.path(out + "/report.json"));
    report.erase("seconds");
    report.erase("peak_memory_bytes");
    return Slurp(folder_.path(out + "/plan.json")) + report.dump(1) +
           Slurp(folder_.path(out + "/model.onnx"));
  }
  std::int64_t Trials(const std::string& file) const {
    return Database::Open(folder_.path(file))
        .value()
        ->Integer("SELECT count(*) FROM trials")
        .value();
  }
  void WaitFor(Running& running, const std::string& file) const {
    while (!running.ended() && Slurp(folder_.path(file)).empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  const Folder folder_;
  const GlyphSet set_{folder_, 12, 600};
};

// Kills at random moments of a search's own length, resuming after each; a search that gets through
// must have the unbroken one's results.
TEST_F(Resume, AKilledSearchEndsAsAnUnbrokenOne) {
  const char* wanted = std::getenv("BW_KILLS");
  const int kills = wanted != nullptr ? std::atoi(wanted) : 3;
  const Clock::time_point start = Clock::now();
  Succeed(Line("whole"));
  const std::chrono::duration<double> length = Clock::now() - start;
  const std::string whole = Results("whole");
  Rng rng(2026);
  int done = 0, searches = 0, resumed = 0;
  while (done < kills || searches == 0) {
    const std::string out = "broken" + std::to_string(searches);
    bool begun = false;
    for (;;) {
      const auto more = begun ? std::vector<std::string>{"--resume"} : std::vector<std::string>{};
      Running running(Line(out, more));
      if (done < kills) {
        std::this_thread::sleep_for(length * rng.Uniform());
        if (!running.ended()) running.Signal(SIGKILL);
      }
      const Outcome outcome = running.Wait();
      if (outcome.signal == SIGKILL) {
        ++done;
        begun = folder_.List(out).contains("trials.sqlite");
      } else if (begun && outcome.exit_code == 3) {
        EXPECT_NE(outcome.err.find("nothing to resume"), std::string::npos) << outcome.err;
        begun = false;  // killed before it was entered in the store
      } else {
        ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
        resumed += begun ? 1 : 0;
        break;
      }
    }
    ++searches;
    ASSERT_TRUE(Results(out) == whole) << out << " after " << done << " kills";
  }
  RecordProperty("kills", done);
  std::printf("%d kills in %d searches, %d of them resumed\n", done, searches, resumed);
}

TEST_F(Resume, CtrlCLeavesTheBestSoFarAndItsReport) {
  Succeed(Line("whole"));
  Running running(Line("out", {"--evaluations", "1000"}));
  WaitFor(running, "out/plan.json");
  ASSERT_FALSE(running.ended());
  running.Signal(SIGINT);
  const Outcome outcome = running.Wait();
  EXPECT_EQ(outcome.signal, 0);
  EXPECT_LE(outcome.exit_code, 1) << outcome.err;  // 1: the bound failed on the test split
  EXPECT_NE(outcome.err.find("once more ends at once"), std::string::npos) << outcome.err;
  EXPECT_EQ(folder_.List("out"), kTuned);
  EXPECT_EQ(ReadJson(folder_.path("out/report.json"))["interrupted"], true);
  Succeed(Line("out", {"--resume"}));
  EXPECT_TRUE(Results("out") == Results("whole"));
}

TEST_F(Resume, TheSecondCtrlCEndsAtOnce) {
  Running running(Line("out"));
  WaitFor(running, "out/plan.json");
  ASSERT_FALSE(running.ended());
  running.Signal(SIGINT);
  while (!running.ended() && running.err().find("at once") == std::string::npos)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (!running.ended()) running.Signal(SIGINT);
  const Outcome outcome = running.Wait();
  EXPECT_TRUE(outcome.signal == SIGINT || outcome.exit_code == 0);  // 0: it was quicker
  Succeed(Line("out", {"--resume"}));
}

TEST_F(Resume, CtrlCBeforeAnyPlanEndsAtOnceAndSaysWhereItGoesOn) {
  Running running(Line("out"));
  WaitFor(running, "out/trials.sqlite");
  running.Signal(SIGINT);
  const Outcome outcome = running.Wait();
  EXPECT_EQ(outcome.signal, SIGINT);
  EXPECT_NE(outcome.err.find("trials.sqlite, --resume goes on"), std::string::npos) << outcome.err;
}

TEST_F(Resume, ASecondSearchAsksNothingTwice) {
  const std::vector<std::string> store = {"--store", folder_.path("shared.sqlite")};
  Succeed(Line("one", store));
  const std::int64_t trials = Trials("shared.sqlite");
  EXPECT_GT(trials, 20);
  Succeed(Line("two", store));
  EXPECT_EQ(Trials("shared.sqlite"), trials);
  EXPECT_EQ(Slurp(folder_.path("one/plan.json")), Slurp(folder_.path("two/plan.json")));
  // Another demand of the same network: the single tensors are known already.
  const Outcome outcome = RunProgram(Line("three", Join(store, {"--minimize", "weights"})));
  EXPECT_LE(outcome.exit_code, 1) << outcome.err;
  EXPECT_LT(Trials("shared.sqlite"), trials + 60);
}

TEST_F(Resume, OtherDataAreAnotherSearch) {
  Succeed(Line("out"));
  const Outcome outcome = RunProgram(Line("out", {"--resume", "--seed", "2"}));
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_NE(outcome.err.find("holds no search of this network, data and settings"),
            std::string::npos)
      << outcome.err;
}

}  // namespace
}  // namespace bw::program
