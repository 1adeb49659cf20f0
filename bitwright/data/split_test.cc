#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "bitwright/data/dataset.h"
#include "bitwright/data/test_files.h"

namespace bw {
namespace {

using namespace testing_files;  // NOLINT(google-build-using-namespace)

// 400 samples whose value is their number: class 0 makes 50 %, class 1 30 %, class 2 20 %.
Dataset Numbered(const std::string& labels_name) {
  std::vector<float> values;
  std::string labels;
  for (int i = 0; i < 400; ++i) {
    values.push_back(static_cast<float>(i));
    labels += i % 10 < 5 ? "0\n" : i % 10 < 8 ? "1\n" : "2\n";
  }
  const std::string path = labels_name.empty() ? "" : Put(labels_name, labels);
  return Dataset::Open(Put("x.npy", Npy("<f4", "(400, 1)", values)), path, {}).value();
}

std::vector<float> Numbers(const Dataset& data) {
  const Tensor batch = data.Batch(0, data.size()).value();
  return {batch.span<float>().begin(), batch.span<float>().end()};
}

std::map<std::int64_t, int> ClassCounts(const Dataset& data, std::size_t count) {
  std::map<std::int64_t, int> counts;
  for (std::size_t i = 0; i < count; ++i) ++counts[data.label(i)];
  return counts;
}

const std::vector<double> kParts = {0.1, 0.25, 0.65};

TEST(Split, PartsAreDisjointAndCoverTheSet) {
  std::set<float> seen;
  for (const Dataset& part : SplitDataset(Numbered("y.txt"), kParts, 1)) {
    for (const float number : Numbers(part)) EXPECT_TRUE(seen.insert(number).second) << number;
  }
  EXPECT_EQ(seen.size(), 400u);
}

TEST(Split, SizesAreTheFractions) {
  const auto parts = SplitDataset(Numbered(""), kParts, 1);
  EXPECT_EQ(parts[0].size(), 40u);
  EXPECT_EQ(parts[1].size(), 100u);
  EXPECT_EQ(parts[2].size(), 260u);
  EXPECT_EQ(SplitDataset(Numbered(""), std::vector<double>{0.5, 0, 0.25}, 1)[2].size(), 100u);
}

TEST(Split, ClassesKeepTheirProportionWithinOne) {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    for (const Dataset& part : SplitDataset(Numbered("y.txt"), kParts, seed)) {
      const auto counts = ClassCounts(part, part.size());
      const auto size = static_cast<double>(part.size());
      EXPECT_NEAR(counts.at(0), 0.5 * size, 1.01);
      EXPECT_NEAR(counts.at(1), 0.3 * size, 1.01);
      EXPECT_NEAR(counts.at(2), 0.2 * size, 1.01);
    }
  }
}

TEST(Split, LabelsFollowTheirSamples) {
  for (const Dataset& part : SplitDataset(Numbered("y.txt"), kParts, 7)) {
    const auto numbers = Numbers(part);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const int digit = static_cast<int>(numbers[i]) % 10;
      EXPECT_EQ(part.label(i), digit < 5 ? 0 : digit < 8 ? 1 : 2);
    }
  }
}

TEST(Split, SameSeedGivesTheSameAndAnotherSeedAnother) {
  const Dataset data = Numbered("y.txt");
  EXPECT_EQ(Numbers(SplitDataset(data, kParts, 3)[0]), Numbers(SplitDataset(data, kParts, 3)[0]));
  EXPECT_NE(Numbers(SplitDataset(data, kParts, 3)[0]), Numbers(SplitDataset(data, kParts, 4)[0]));
}

TEST(Split, PartIsInRandomOrder) {
  const auto numbers = Numbers(SplitDataset(Numbered("y.txt"), kParts, 1)[2]);
  EXPECT_FALSE(std::is_sorted(numbers.begin(), numbers.end()));
  double mean = 0;
  for (std::size_t i = 0; i < 100; ++i) mean += numbers[i] / 100;
  EXPECT_NEAR(mean, 200, 45);
}

TEST(Split, FewerSamplesThanPartsLeavesSomeEmpty) {
  const Dataset one = Numbered("y.txt").Select(std::vector<std::size_t>{5});
  std::size_t total = 0;
  for (const Dataset& part : SplitDataset(one, kParts, 1)) total += part.size();
  EXPECT_EQ(total, 1u);
}

}  // namespace
}  // namespace bw
