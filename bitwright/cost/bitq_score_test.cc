#include "bitwright/cost/bitq_score.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>

namespace bw {
namespace {

TEST(BitqScores, AddLostAccuracyAndAFifthOfTheMovement) {
  const std::vector<BitqConfiguration> all = {{0.9, 50}, {0.8, 100}};
  const std::vector<double> scores = BitqScores(all);
  EXPECT_NEAR(scores[0], 0.1 + 0.2 * 0.5, 1e-15);
  EXPECT_NEAR(scores[1], 0.2 + 0.2, 1e-15);
  EXPECT_NEAR(BitqScores(all, 0)[1], 0.2, 1e-15);
}

// The table of the authors' code: 59 configurations of ResNet-18.
class BitqTable : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("BITWRIGHT_DATA");
    const std::string path =
        std::string(data == nullptr ? "" : data) + "/../reference/bitq_resnet18_configs.json";
    std::ifstream file(path);
    if (data == nullptr || !file) GTEST_SKIP() << "no " << path << " (BITWRIGHT_DATA)";
    json_ = nlohmann::json::parse(file)["configurations"];
    for (const auto& one : json_) {
      const auto moved = one["dm"].get<std::vector<double>>();
      configurations_.push_back(
          {one["accuracy"].get<double>(), std::accumulate(moved.begin(), moved.end(), 0.0)});
    }
  }
  nlohmann::json json_;
  std::vector<BitqConfiguration> configurations_;
};

TEST_F(BitqTable, TheAuthorsChoiceIsTheLeastScore) {
  ASSERT_EQ(configurations_.size(), 59U);
  const std::vector<double> scores = BitqScores(configurations_);
  const auto best = std::min_element(scores.begin(), scores.end());
  const auto at = static_cast<std::size_t>(best - scores.begin());
  EXPECT_EQ(json_[at]["id"], 36);
  EXPECT_NEAR(*best, 0.4872, 5e-5);
}

TEST_F(BitqTable, EnergiesAreTheAuthors) {
  const auto energy = [&](int id) {
    for (const auto& one : json_) {
      if (one["id"] != id) continue;
      const auto dm = one["dm"].get<std::vector<double>>();
      return (dm[3] * 640 + (dm[0] + dm[1] + dm[2]) * 5) / 1e12;
    }
    return 0.0;
  };
  EXPECT_NEAR(energy(36), 0.2616, 5e-5);
  EXPECT_NEAR(energy(59), 0.3968, 5e-5);
}

}  // namespace
}  // namespace bw
