#include "bitwright/tune/certificate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Random;

Dataset Samples(std::int64_t n, std::uint64_t seed, const std::vector<std::int64_t>& labels = {}) {
  return MakeDataset(Random({n, 2}, seed), labels);
}

Evaluation Scored(const Metric& metric, const Dataset& data, std::vector<double> scores) {
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; data.has_labels() && i < data.size(); ++i)
    labels.push_back(data.label(i));
  Evaluation evaluation;
  evaluation.value = metric.finish(scores, labels);
  evaluation.images = data.size();
  evaluation.scores = std::move(scores);
  return evaluation;
}

TEST(Certificate, CountsWhatAShareLostAndWon) {
  const Metric& top1 = *FindMetric("top1");
  const Dataset data = Samples(8, 1, {0, 1, 0, 1, 0, 1, 0, 1});
  const Evaluation before = Scored(top1, data, {1, 1, 1, 1, 0, 0, 1, 0});
  const Evaluation after = Scored(top1, data, {1, 0, 0, 1, 1, 0, 0, 0});
  const Certificate certificate = MakeCertificate(top1, data, before, after, 0.9, 0.5).value();
  ASSERT_TRUE(certificate.counts.has_value());
  EXPECT_EQ(certificate.counts->samples, 8);
  EXPECT_EQ(certificate.counts->lost, 3);
  EXPECT_EQ(certificate.counts->won, 1);
  EXPECT_EQ(certificate.drop, 0.25);
  EXPECT_EQ(certificate.upper_limit, UpperDropLimit({8, 3, 1}, 0.9));
  EXPECT_EQ(certificate.interval.low, DropInterval({8, 3, 1}, 0.9).low);
  EXPECT_EQ(certificate.certified(), certificate.upper_limit <= 0.5);
  EXPECT_EQ(UpperDrop(top1, data, before, after, 0.9), certificate.upper_limit);
}

TEST(Certificate, IsGivenExactlyWhenTheLimitIsWithinTheBound) {
  const Metric& top1 = *FindMetric("top1");
  const Dataset data = Samples(4, 1, {0, 1, 0, 1});
  const Evaluation same = Scored(top1, data, {1, 1, 1, 1});
  const double limit = UpperDropLimit({4, 0, 0}, 0.95);
  const auto with = [&](std::optional<double> bound) {
    return MakeCertificate(top1, data, same, same, 0.95, bound)->certified();
  };
  EXPECT_TRUE(with(limit));
  EXPECT_FALSE(with(std::nextafter(limit, 0)));
  EXPECT_FALSE(with(std::nullopt));
}

TEST(Certificate, ResamplesWhatIsNoShare) {
  const Metric& auc = *FindMetric("auc");
  std::vector<std::int64_t> labels;
  std::vector<double> good, bad;
  for (int i = 0; i < 60; ++i) {
    labels.push_back(i % 2);
    good.push_back(i % 2 + 0.9 * std::sin(i));
    bad.push_back(i % 2 + 2.5 * std::sin(i));
  }
  const Dataset data = Samples(60, 1, labels);
  const Evaluation before = Scored(auc, data, good), after = Scored(auc, data, bad);
  const Certificate certificate = MakeCertificate(auc, data, before, after, 0.95, 0.01).value();
  EXPECT_FALSE(certificate.counts.has_value());
  EXPECT_LT(certificate.interval.low, certificate.drop);
  EXPECT_LT(certificate.drop, certificate.upper_limit);
  EXPECT_LT(certificate.upper_limit, certificate.interval.high);
  EXPECT_FALSE(certificate.certified());
  EXPECT_EQ(UpperDrop(auc, data, before, after, 0.95), certificate.upper_limit);
}

TEST(Certificate, IsNotGivenOfAnInfiniteValue) {
  const Metric& sqnr = *FindMetric("sqnr");
  const Dataset data = Samples(2, 1);
  const Evaluation before = Scored(sqnr, data, {1, 0, 1, 0});
  const Evaluation after = Scored(sqnr, data, {1, 0.1, 1, 0.2});
  EXPECT_EQ(before.value, std::numeric_limits<double>::infinity());
  EXPECT_FALSE(MakeCertificate(sqnr, data, before, after, 0.95, 1).has_value());
}

TEST(SplitContents, CountSamplesThatStandInSeveralSplits) {
  const Tensor first = Random({6, 2}, 1), second = Random({4, 2}, 2);
  const Dataset calibration = MakeDataset(first), search = MakeDataset(second);
  const std::vector<std::size_t> some = {1, 3};
  const SplitContents apart =
      ReadContents({calibration, search, MakeDataset(Random({5, 2}, 3))}, 2).value();
  EXPECT_EQ(apart.search_in_calibration, 0U);
  EXPECT_EQ(apart.test_in_others, 0U);
  // The same contents out of other files.
  const SplitContents mixed =
      ReadContents({calibration, search, MakeDataset(first).Select(some)}, 2).value();
  EXPECT_EQ(mixed.test_in_others, 2U);
  EXPECT_EQ(mixed.search, apart.search);
  EXPECT_NE(mixed.test, apart.test);
  EXPECT_EQ(ReadContents({calibration, calibration, search}, 1)->search_in_calibration, 6U);
}

TEST(SplitContents, LabelsAndOrderAreContents) {
  const Tensor samples = Random({3, 2}, 1);
  const auto hash = [&](const Dataset& data) {
    return HashSet(data, HashSamples(data, 1).value());
  };
  const ContentHash plain = hash(MakeDataset(samples, {0, 1, 2}));
  EXPECT_EQ(plain, hash(MakeDataset(samples, {0, 1, 2})));
  EXPECT_NE(plain, hash(MakeDataset(samples, {0, 1, 1})));
  EXPECT_NE(plain, hash(MakeDataset(samples)));
  const std::vector<std::size_t> turned = {2, 1, 0};
  EXPECT_NE(hash(MakeDataset(samples)), hash(MakeDataset(samples).Select(turned)));
}

TEST(HashFile, IsTheHashOfItsBytes) {
  const std::string path = testing_data::FreshPath(".bin"), bytes(3000000, 'b');
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_EQ(HashFile(path).value(), HashBytes(bytes));
  EXPECT_NE(HashFile(path).value(), HashBytes(bytes + "b"));
  EXPECT_FALSE(HashFile(path + ".none").has_value());
}

std::string Refusal(std::int64_t search, std::int64_t test, double max_drop,
                    const char* metric = "top1", std::size_t shared = 0) {
  const TuneData data{Samples(5, 1), Samples(search, 2), Samples(test, 3)};
  SplitContents contents;
  contents.test_in_others = shared;
  const auto checked = CheckConfidence(data, contents, *FindMetric(metric), max_drop, 0.95);
  if (checked) return "enough";
  const std::string& message = checked.error().message;
  return message.substr(message.find(": ") + 2);
}

TEST(CheckConfidence, SaysBeforeTheSearchHowManySamplesAreNeeded) {
  const std::int64_t need = FewestSamples(0.05, 0.95);
  EXPECT_EQ(Refusal(need, need, 0.05), "enough");
  EXPECT_EQ(
      Refusal(need - 10, need, 0.05),
      fmt::format("the search split has {} samples, too few for --confidence 95% of a drop of "
                  "at most 5 points: with not one answer changed they show a drop of at most "
                  "{:.2f} points; at least {} are needed there: give 1.3 times the data, a "
                  "greater --max-drop or a lower --confidence",
                  need - 10, 100 * UpperDropLimit({need - 10, 0, 0}, 0.95), need));
  EXPECT_TRUE(Refusal(need, need - 1, 0.05).starts_with("the test split has"));
  EXPECT_EQ(Refusal(20, 20, 0.05, "auc"), "enough");
  EXPECT_NE(Refusal(20, 19, 0.05, "auc").find("at least 20 are needed"), std::string::npos);
  EXPECT_NE(Refusal(400, 400, 0, "top1").find("above 0"), std::string::npos);
}

TEST(CheckConfidence, RefusesTestSamplesThatSomethingWasChosenBy) {
  EXPECT_TRUE(Refusal(400, 400, 0.05, "top1", 3).starts_with("3 of its 400 test samples are in"));
}

}  // namespace
}  // namespace bw
