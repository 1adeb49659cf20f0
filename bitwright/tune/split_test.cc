#include <gtest/gtest.h>

#include <map>
#include <set>

#include "bitwright/quant/test_data.h"
#include "bitwright/tune/tune.h"

namespace bw {
namespace {

using testing_data::MakeDataset;

// Sample i holds first + i, so that it can be told from all others; its label is i % classes.
Dataset Numbered(std::int64_t count, float first, std::int64_t classes = 0) {
  std::vector<float> values;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(first + static_cast<float>(i));
    if (classes > 0) labels.push_back(i % classes);
  }
  return MakeDataset(Tensor::From<float>({count, 1}, values), labels);
}

std::set<float> Members(const Dataset& data) {
  std::set<float> members;
  const Tensor all = data.Batch(0, data.size()).value();
  for (const float x : all.span<float>()) EXPECT_TRUE(members.insert(x).second) << x << " twice";
  return members;
}

void ExpectDisjoint(const TuneData& data) {
  std::set<float> seen;
  for (const Dataset* part : {&data.calibration, &data.search, &data.test}) {
    for (const float x : Members(*part)) EXPECT_TRUE(seen.insert(x).second) << x;
  }
}

TEST(SplitData, OneSetIsCutInThree) {
  const TuneData data = SplitData({Numbered(1000, 0), {}, {}}, 1).value();
  ExpectDisjoint(data);
  EXPECT_EQ(data.calibration.size(), 200U);
  EXPECT_EQ(data.search.size(), 400U);
  EXPECT_EQ(data.test.size(), 400U);
}

TEST(SplitData, ASeparateCalibrationSetLeavesHalves) {
  const TuneData data = SplitData({Numbered(100, 0), Numbered(30, 1000), {}}, 1).value();
  ExpectDisjoint(data);
  EXPECT_EQ(data.calibration.size(), 30U);
  EXPECT_GE(*Members(data.calibration).begin(), 1000);
  EXPECT_EQ(data.search.size(), 50U);
  EXPECT_EQ(data.test.size(), 50U);
}

TEST(SplitData, ASeparateTestSetLeavesCalibrationAndSearch) {
  const TuneData data = SplitData({Numbered(100, 0), {}, Numbered(40, 1000)}, 1).value();
  ExpectDisjoint(data);
  EXPECT_EQ(data.calibration.size(), 30U);
  EXPECT_EQ(data.search.size(), 70U);
  EXPECT_EQ(Members(data.test).size(), 40U);
  EXPECT_GE(*Members(data.test).begin(), 1000);
}

TEST(SplitData, BothGiveAllOfTheDataToTheSearch) {
  const TuneData data =
      SplitData({Numbered(100, 0), Numbered(30, 1000), Numbered(40, 2000)}, 1).value();
  ExpectDisjoint(data);
  EXPECT_EQ(data.calibration.size(), 30U);
  EXPECT_EQ(Members(data.search), Members(Numbered(100, 0)));
  EXPECT_EQ(data.test.size(), 40U);
}

TEST(SplitData, KeepsTheClassesInProportion) {
  const TuneData data = SplitData({Numbered(1000, 0, 5), {}, {}}, 3).value();
  for (const Dataset* part : {&data.calibration, &data.search, &data.test}) {
    std::map<std::int64_t, double> counts;
    for (std::size_t i = 0; i < part->size(); ++i) ++counts[part->label(i)];
    for (const auto& [label, count] : counts) {
      EXPECT_NEAR(count, static_cast<double>(part->size()) / 5, 2) << label;
    }
  }
}

TEST(SplitData, FollowsTheSeedAlone) {
  const Dataset all = Numbered(200, 0);
  const auto search = [&](std::uint64_t seed) {
    return Members(SplitData({all, {}, {}}, seed).value().search);
  };
  EXPECT_EQ(search(1), search(1));
  EXPECT_NE(search(1), search(2));
}

TEST(SplitData, RefusesTooFewSamples) {
  const Dataset one = Numbered(1, 0);
  EXPECT_EQ(SplitData({one, {}, {}}, 1).error().message,
            one.origin() +
                ": 1 samples are too few to split into calibration, search and test; give "
                "more, or --calib and --test");
}

}  // namespace
}  // namespace bw
