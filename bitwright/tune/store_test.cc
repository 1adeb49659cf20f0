#include "bitwright/tune/store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>

#include "bitwright/base/file.h"
#include "bitwright/quant/test_data.h"

namespace bw {
namespace {

namespace fs = std::filesystem;

const TrialContext kContext{"network", "data", "calibration", "top1", "version 1"};
const TrialKey kKey{"{\"plan\": 1}", 400};

std::string NewPath() { return testing_data::FreshPath(".sqlite"); }

Expected<std::unique_ptr<TrialStore>> TryOpen(const std::string& path,
                                              const TrialContext& context = kContext,
                                              StoreUse use = StoreUse::kReuse,
                                              const std::string& settings = "--max-drop 1%") {
  return TrialStore::Open(path, context, settings, use);
}
std::unique_ptr<TrialStore> Open(const std::string& path, const TrialContext& context = kContext,
                                 StoreUse use = StoreUse::kReuse,
                                 const std::string& settings = "--max-drop 1%") {
  auto store = TryOpen(path, context, use, settings);
  EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().message);
  return *std::move(store);
}
std::string Refusal(const std::string& path, const TrialContext& context = kContext,
                    StoreUse use = StoreUse::kReuse, const std::string& settings = "other") {
  const auto store = TryOpen(path, context, use, settings);
  return store ? "opened" : store.error().message;
}

Evaluation Sample() {
  Evaluation evaluation;
  evaluation.value = 1.0 / 3;
  evaluation.images = 9;
  evaluation.divergence = 1e-300;
  evaluation.expected_drop = -0.1;
  evaluation.expected_variance = 0.3;
  evaluation.scores = {1, 0, 0, 1, 1, 1, 0, 1, 1};
  return evaluation;
}

void ExpectEqual(const Evaluation& a, const Evaluation& b) {
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.images, b.images);
  EXPECT_EQ(a.divergence, b.divergence);
  EXPECT_EQ(a.expected_drop, b.expected_drop);
  EXPECT_EQ(a.expected_variance, b.expected_variance);
  EXPECT_EQ(a.scores, b.scores);
}

// Does something as another user, for whom rights count, where the tests run as root.
template <typename Body>
void WithoutRights(const Body& body) {
  constexpr uid_t kNobody = 65534;
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  body();
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
}

TEST(TrialStore, GivesBackToTheLastBitWhatWasKept) {
  const std::string path = NewPath();
  Evaluation odd = Sample();
  odd.value = std::numeric_limits<double>::infinity();
  odd.scores = {0.1, -0.0, std::numeric_limits<double>::denorm_min(), 1e300};
  Evaluation empty;
  {
    const auto store = Open(path);
    EXPECT_FALSE(store->Find(kKey).value().has_value());
    ASSERT_TRUE(store->Keep(kKey, Sample()).has_value());
    ASSERT_TRUE(store->Keep({"odd", 400}, odd).has_value());
    ASSERT_TRUE(store->Keep({"empty", 400}, empty).has_value());
    ExpectEqual(store->Find(kKey).value().value(), Sample());
  }
  const auto again = Open(path);
  EXPECT_EQ(again->contents().trials, 3U);
  ExpectEqual(again->Find(kKey).value().value(), Sample());
  ExpectEqual(again->Find({"odd", 400}).value().value(), odd);
  EXPECT_TRUE(std::signbit(again->Find({"odd", 400}).value()->scores[1]));
  ExpectEqual(again->Find({"empty", 400}).value().value(), empty);
}

TEST(TrialStore, KeepsWhatIsNoNumber) {
  const auto store = Open(NewPath());
  Evaluation evaluation = Sample();
  evaluation.value = std::nan("");
  evaluation.scores = {std::nan(""), 1};
  ASSERT_TRUE(store->Keep(kKey, evaluation).has_value());
  const Evaluation found = store->Find(kKey).value().value();
  EXPECT_TRUE(std::isnan(found.value));
  EXPECT_TRUE(std::isnan(found.scores[0]));
  EXPECT_EQ(found.scores[1], 1);
}

TEST(TrialStore, TellsApartAllThatAnEvaluationDependsOn) {
  const std::string path = NewPath();
  ASSERT_TRUE(Open(path)->Keep(kKey, Sample()).has_value());
  EXPECT_TRUE(Open(path)->Find(kKey).value().has_value());
  EXPECT_FALSE(Open(path)->Find({kKey.plan, 399}).value().has_value());
  EXPECT_FALSE(Open(path)->Find({kKey.plan + " ", 400}).value().has_value());
  for (std::string TrialContext::*const part :
       {&TrialContext::network, &TrialContext::data, &TrialContext::calibration,
        &TrialContext::metric, &TrialContext::version}) {
    TrialContext other = kContext;
    other.*part += "'";
    EXPECT_FALSE(Open(path, other)->Find(kKey).value().has_value()) << other.*part;
  }
}

TEST(TrialStore, AnotherBuildsEvaluationsAreCountedAndNotUsed) {
  const std::string path = NewPath();
  ASSERT_TRUE(Open(path)->Keep(kKey, Sample()).has_value());
  TrialContext newer = kContext;
  newer.version = "version 2";
  const auto store = Open(path, newer);
  EXPECT_EQ(store->contents().other_version, 1U);
  EXPECT_EQ(store->contents().trials, 0U);
  newer.version = "version 3";
  const std::string refusal = Refusal(path, newer, StoreUse::kResume);
  EXPECT_EQ(refusal,
            path +
                ": holds no search of this network, data and settings by this build (1 "
                "evaluations are another build's), so nothing to resume; start without --resume");
}

TEST(TrialStore, ResumesOnlyWhatWasBegun) {
  const std::string path = NewPath();
  EXPECT_EQ(Refusal(path, kContext, StoreUse::kResume),
            path + ": there is no store, so nothing to resume; start without --resume");
  ASSERT_TRUE(Open(path)->Keep(kKey, Sample()).has_value());
  EXPECT_TRUE(Open(path, kContext, StoreUse::kResume)->Find(kKey).value().has_value());
  EXPECT_EQ(Refusal(path, kContext, StoreUse::kResume, "--max-drop 2%"),
            path +
                ": holds no search of this network, data and settings, so nothing to resume; "
                "start without --resume");
}

// 1000 s of work in an earlier run, as the store of that run says.
TEST(TrialStore, ResumingCountsWhatTheSearchHadCost) {
  const std::string path = NewPath();
  ASSERT_TRUE(Open(path)->Keep(kKey, Sample()).has_value());
  const auto database = Database::Open(path).value();
  ASSERT_TRUE(database->Run("UPDATE trials SET elapsed = 1000").has_value());
  const auto elapsed = [&](StoreUse use, const std::string& settings) {
    const auto store = Open(path, kContext, use, settings);
    EXPECT_LT(store->Elapsed(), 500);
    EXPECT_TRUE(store->Find(kKey).value().has_value());
    return store->Elapsed();
  };
  EXPECT_GE(elapsed(StoreUse::kResume, "--max-drop 1%"), 1000);
  EXPECT_LT(elapsed(StoreUse::kReuse, "--max-drop 1%"), 500);
  // Another search had it for nothing, and has so when it is resumed.
  EXPECT_LT(elapsed(StoreUse::kReuse, "another"), 500);
  EXPECT_LT(elapsed(StoreUse::kResume, "another"), 500);
}

TEST(TrialStore, LeavesNoFileInWhichNothingWasKept) {
  const std::string path = NewPath();
  Open(path).reset();
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::exists(path + "-wal"));
}

TEST(TrialStore, TwoProgramsMayWriteOneFile) {
  const std::string path = NewPath();
  const auto one = Open(path), two = Open(path);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(one->Keep({fmt::format("one {}", i), 1}, Sample()).has_value());
    ASSERT_TRUE(two->Keep({fmt::format("two {}", i), 1}, Sample()).has_value());
    EXPECT_TRUE(two->Find({fmt::format("one {}", i), 1}).value().has_value());
  }
  ASSERT_TRUE(two->Keep({"one 0", 1}, Evaluation()).has_value());  // the first answer stands
  ExpectEqual(one->Find({"one 0", 1}).value().value(), Sample());
}

TEST(TrialStore, RefusesAFileThatIsNoDatabaseAndLeavesItAlone) {
  const std::string path = NewPath();
  const std::string text(5000, 'x');
  ASSERT_TRUE(WriteFile(path, text).has_value());
  const std::string refusal = Refusal(path);
  EXPECT_TRUE(refusal.starts_with(path + ": is no store of evaluations, or a damaged one ("))
      << refusal;
  EXPECT_NE(refusal.find("--store"), std::string::npos);
  EXPECT_EQ(ReadFile(path).value(), text);
}

TEST(TrialStore, RefusesAnotherProgramsDatabaseAndLeavesItAlone) {
  const std::string path = NewPath();
  ASSERT_TRUE(Database::Open(path).value()->Run("CREATE TABLE t(a)").has_value());
  const std::string before = ReadFile(path).value();
  EXPECT_EQ(Refusal(path), path +
                               ": is another program's database (application id 0x0, a store "
                               "has 0x42577472); name another file with --store");
  EXPECT_EQ(ReadFile(path).value(), before);
}

TEST(TrialStore, RefusesAnotherLayout) {
  const std::string path = NewPath();
  ASSERT_TRUE(Open(path)->Keep(kKey, Sample()).has_value());
  ASSERT_TRUE(Database::Open(path).value()->Run("PRAGMA user_version = 7").has_value());
  EXPECT_EQ(Refusal(path), path +
                               ": the store has layout 7, this build reads and writes 2; name "
                               "another with --store");
}

TEST(TrialStore, RefusesDamage) {
  const std::string path = NewPath();
  {
    const auto store = Open(path);
    for (int i = 0; i < 300; ++i)
      ASSERT_TRUE(
          store->Keep({fmt::format("{} {}", i, std::string(300, 'p')), 1}, Sample()).has_value());
  }
  const std::string whole = ReadFile(path).value();
  ASSERT_TRUE(WriteFile(path, whole.substr(0, whole.size() / 2)).has_value());
  EXPECT_NE(Refusal(path).find("damaged"), std::string::npos) << Refusal(path);
  std::string scribbled = whole;
  for (std::size_t i = whole.size() / 2; i < whole.size() / 2 + 9000; ++i) scribbled[i] = '#';
  ASSERT_TRUE(WriteFile(path, scribbled).has_value());
  EXPECT_NE(Refusal(path).find("damaged"), std::string::npos) << Refusal(path);
}

TEST(TrialStore, RefusesScoresThatAreCutShort) {
  const std::string path = NewPath();
  ASSERT_TRUE(Open(path)->Keep(kKey, Sample()).has_value());
  for (const char* scores : {"x'62'", "x'62ffffffffffffffff00'", "x'64010000000000000000'", "''"}) {
    ASSERT_TRUE(Database::Open(path)
                    .value()
                    ->Run(fmt::format("UPDATE trials SET scores = {}", scores))
                    .has_value());
    const auto found = Open(path)->Find(kKey);
    ASSERT_FALSE(found.has_value()) << scores;
    EXPECT_NE(found.error().message.find("damaged"), std::string::npos);
  }
}

TEST(TrialStore, SaysThatItIsLocked) {
  const std::string path = NewPath();
  ASSERT_TRUE(Open(path)->Keep(kKey, Sample()).has_value());
  const auto other = Database::Open(path).value();
  ASSERT_TRUE(other->Run("BEGIN IMMEDIATE").has_value());
  EXPECT_EQ(Refusal(path), path +
                               ": the store is locked by another program for more than 2 s; "
                               "wait for its end, or name another with --store");
}

TEST(TrialStore, SaysThatItMayNotBeWritten) {
  const std::string folder = testing_data::FreshPath("");
  fs::create_directory(folder);
  const std::string path = folder + "/trials.sqlite";
  ASSERT_TRUE(Open(path)->Keep(kKey, Sample()).has_value());
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  ASSERT_EQ(::chmod(folder.c_str(), 0555), 0);
  WithoutRights([&] {
    EXPECT_EQ(Refusal(path), path +
                                 ": the store may only be read, it must be written too; name "
                                 "another with --store");
    EXPECT_EQ(Refusal(folder + "/new.sqlite"),
              folder +
                  "/new.sqlite: the store cannot be used: unable to open database file; name "
                  "another with --store");
  });
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
}

TEST(TrialStore, SaysThatAFolderIsNoFile) {
  const std::string folder = testing_data::FreshPath("");
  fs::create_directory(folder);
  EXPECT_EQ(Refusal(folder), folder + ": is a folder, a file is needed");
}

// A limit on the size of files stands in for a full disk.
TEST(TrialStore, SaysThatThereIsNoRoom) {
  const std::string path = NewPath();
  const auto store = Open(path);
  ASSERT_TRUE(store->Keep(kKey, Sample()).has_value());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 100000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Expected<void> kept;
  for (int i = 0; i < 100 && kept; ++i)
    kept = store->Keep({fmt::format("{} {}", i, std::string(20000, 'p')), 1}, Sample());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(kept.has_value());
  EXPECT_TRUE(kept.error().message.starts_with(path + ": the store cannot be written: "))
      << kept.error().message;
  ExpectEqual(Open(path)->Find(kKey).value().value(), Sample());
}

}  // namespace
}  // namespace bw
