#include "bitwright/data/paired.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace bw {
namespace {

// Row n of Pascal's triangle; exact for n <= 60.
std::vector<std::uint64_t> Choices(std::size_t n) {
  std::vector<std::uint64_t> row = {1};
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::uint64_t> next(row.size() + 1, 0);
    for (std::size_t k = 0; k < row.size(); ++k) {
      next[k] += row[k];
      next[k + 1] += row[k];
    }
    row = next;
  }
  return row;
}

// Probability of each (lost, won), by the multinomial coefficients.
double Outcome(std::size_t n, std::size_t lost, std::size_t won, double p, double q) {
  const auto ways =
      static_cast<double>(Choices(n)[lost]) * static_cast<double>(Choices(n - lost)[won]);
  return ways * std::pow(p, static_cast<double>(lost)) * std::pow(q, static_cast<double>(won)) *
         std::pow(1 - p - q, static_cast<double>(n - lost - won));
}

// Bentur et al., and Cavo et al., as Fagerland, Lydersen and Laake (2013) give them.
TEST(McNemar, GivesThePublishedPValues) {
  EXPECT_NEAR(McNemarExact({21, 1, 7}), 0.0703, 5e-5);
  EXPECT_NEAR(McNemarMidP({21, 1, 7}), 0.0391, 5e-5);
  EXPECT_NEAR(McNemarExact({161, 6, 16}), 0.0525, 5e-5);
  EXPECT_NEAR(McNemarMidP({161, 6, 16}), 0.0347, 5e-5);
}

TEST(McNemar, EqualsTheTailSumsInIntegers) {
  for (std::int64_t changed = 0; changed <= 50; ++changed) {
    const std::vector<std::uint64_t> ways = Choices(static_cast<std::size_t>(changed));
    for (std::int64_t lost = 0; lost <= changed; ++lost) {
      const std::int64_t fewer = std::min(lost, changed - lost);
      std::uint64_t below = 0;
      for (std::int64_t k = 0; k < fewer; ++k) below += ways[static_cast<std::size_t>(k)];
      const std::uint64_t at = ways[static_cast<std::size_t>(fewer)];
      const double unit = std::ldexp(1.0, -static_cast<int>(changed));
      const PairedCounts counts{100, lost, changed - lost};
      EXPECT_NEAR(McNemarExact(counts), std::min(1.0, 2 * static_cast<double>(below + at) * unit),
                  1e-13);
      EXPECT_NEAR(McNemarMidP(counts), static_cast<double>(2 * below + at) * unit, 1e-13);
    }
  }
}

// All outcomes of n samples, and P(lost), P(won) on a grid: the share of outcomes whose limit
// holds.
double LeastCoverage(std::int64_t n, double confidence) {
  std::vector<std::vector<double>> limits(static_cast<std::size_t>(n) + 1);
  for (std::int64_t lost = 0; lost <= n; ++lost) {
    for (std::int64_t won = 0; lost + won <= n; ++won)
      limits[static_cast<std::size_t>(lost)].push_back(UpperDropLimit({n, lost, won}, confidence));
  }
  double least = 1;
  constexpr int kGrid = 40;
  for (int i = 0; i <= kGrid; ++i) {
    for (int j = 0; i + j <= kGrid; ++j) {
      const double p = i / static_cast<double>(kGrid), q = j / static_cast<double>(kGrid);
      double covered = 0;
      for (std::size_t lost = 0; lost < limits.size(); ++lost) {
        for (std::size_t won = 0; won < limits[lost].size(); ++won) {
          if (p - q <= limits[lost][won])
            covered += Outcome(static_cast<std::size_t>(n), lost, won, p, q);
        }
      }
      least = std::min(least, covered);
    }
  }
  return least;
}

TEST(UpperDropLimit, CoversTheTrueDropAtTheConfidenceWhateverItIs) {
  for (const std::int64_t n : {1, 2, 3, 5, 8, 13}) {
    for (const double confidence : {0.8, 0.9, 0.95, 0.99}) {
      EXPECT_GE(LeastCoverage(n, confidence), confidence - 1e-12) << n << " at " << confidence;
    }
  }
}

TEST(UpperDropLimit, IsNotWastefulWithSmallSets) {
  for (const double confidence : {0.9, 0.95}) {
    const double least = LeastCoverage(20, confidence);
    EXPECT_GE(least, confidence - 1e-12);
    EXPECT_LE(least, confidence + 0.015);
  }
}

TEST(UpperDropLimit, RisesWithTheLostAndFallsWithTheWon) {
  constexpr std::int64_t kN = 20;
  const auto limit = [](std::int64_t lost, std::int64_t won) {
    return UpperDropLimit({kN, lost, won}, 0.95);
  };
  for (std::int64_t lost = 0; lost <= kN; ++lost) {
    for (std::int64_t won = 0; lost + won < kN; ++won) {
      const double here = limit(lost, won), slack = 0.005;  // the rounding up
      EXPECT_GT(here, static_cast<double>(lost - won) / kN);
      EXPECT_GE(limit(lost + 1, won), here - slack) << lost << " " << won;
      EXPECT_LE(limit(lost, won + 1), here + slack) << lost << " " << won;
    }
  }
}

// Without a change, P(lost) = p is refuted when (1 - p)^n is at most what the error allows. At high
// confidence few lost with many won look as good, which costs more.
TEST(UpperDropLimit, WithoutAChangeIsThatOfNoHitInNTrials) {
  for (const std::int64_t n : {10, 100, 1000, 20000}) {
    for (const double confidence : {0.9, 0.95, 0.999}) {
      const double limit = UpperDropLimit({n, 0, 0}, confidence), alpha = 1 - confidence;
      EXPECT_GE(limit, 1 - std::pow(alpha, 1 / static_cast<double>(n)));
      const double cost = confidence > 0.95 ? 1.3 : 1.01;
      EXPECT_LE(limit, cost * (1 - std::pow(0.98 * alpha, 1 / static_cast<double>(n))));
    }
  }
}

// The likelihood maximised over a grid instead of by the quadratic; limit by bisection.
double AsymptoticLimit(double n, double lost, double won, double z) {
  double low = (lost - won) / n, high = 0.5;
  for (int step = 0; step < 40; ++step) {
    const double delta = (low + high) / 2;
    double best = -1e300, q_best = 0;
    for (int i = 1; i < 20000; ++i) {
      const double q = i * 1e-5;
      const double likelihood = lost * std::log(q + delta) + won * std::log(q) +
                                (n - lost - won) * std::log(1 - 2 * q - delta);
      if (likelihood > best) {
        best = likelihood;
        q_best = q;
      }
    }
    const double score =
        (lost - won - n * delta) / std::sqrt(n * (2 * q_best + delta - delta * delta));
    (score < -z ? high : low) = delta;
  }
  return high;
}

TEST(UpperDropLimit, TendsToTangosScoreLimit) {
  for (const auto& [lost, won] : {std::pair(20, 15), std::pair(60, 40), std::pair(10, 30)}) {
    const double asymptotic = AsymptoticLimit(2000, lost, won, 1.6448536269514722);
    const double drop = (lost - won) / 2000.0;
    const double exact = UpperDropLimit({2000, lost, won}, 0.95);
    EXPECT_NEAR((exact - drop) / (asymptotic - drop), 1.03, 0.03) << lost << " " << won;
  }
}

TEST(UpperDropLimit, TakesEveryExtreme) {
  EXPECT_EQ(UpperDropLimit({7, 7, 0}, 0.95), 1);
  EXPECT_LT(UpperDropLimit({7, 0, 7}, 0.95), 0);
  EXPECT_GT(UpperDropLimit({7, 0, 7}, 0.95), -1);
  EXPECT_GE(UpperDropLimit({1, 0, 0}, 0.95), 0.95);
  EXPECT_LT(UpperDropLimit({100000, 900, 800}, 0.95), 0.0018);
}

TEST(DropInterval, TurnsRoundWhenTheTwoAreExchanged) {
  const Interval one = DropInterval({300, 12, 5}, 0.95), other = DropInterval({300, 5, 12}, 0.95);
  EXPECT_EQ(one.low, -other.high);
  EXPECT_EQ(one.high, -other.low);
  EXPECT_LT(one.low, 7 / 300.0);
  EXPECT_GT(one.high, UpperDropLimit({300, 12, 5}, 0.95));
}

// The defining tails, summed term by term.
TEST(ShareInterval, LeavesHalfOfTheErrorInEachTail) {
  constexpr std::size_t kN = 30;
  const std::vector<std::uint64_t> ways = Choices(kN);
  const auto tail = [&](std::size_t from, std::size_t to, double p) {
    double sum = 0;
    for (std::size_t k = from; k <= to; ++k) {
      sum += static_cast<double>(ways[k]) * std::pow(p, static_cast<double>(k)) *
             std::pow(1 - p, static_cast<double>(kN - k));
    }
    return sum;
  };
  for (std::size_t hits = 0; hits <= kN; ++hits) {
    const Interval interval = ShareInterval(static_cast<std::int64_t>(hits), kN, 0.9);
    if (hits > 0) {
      EXPECT_NEAR(tail(hits, kN, interval.low), 0.05, 1e-9);
    }
    if (hits < kN) {
      EXPECT_NEAR(tail(0, hits, interval.high), 0.05, 1e-9);
    }
  }
  EXPECT_EQ(ShareInterval(0, 5, 0.9).low, 0);
  EXPECT_EQ(ShareInterval(5, 5, 0.9).high, 1);
}

TEST(FewestSamples, IsTheFirstNumberWhoseLimitIsWithinTheBound) {
  for (const double bound : {0.001, 0.01, 0.05, 0.5}) {
    const std::int64_t n = FewestSamples(bound, 0.95);
    EXPECT_LE(UpperDropLimit({n, 0, 0}, 0.95), bound);
    if (n > 1) {
      EXPECT_GT(UpperDropLimit({n - 1, 0, 0}, 0.95), bound);
    }
    EXPECT_NEAR(static_cast<double>(n), std::log(0.05 * 0.98) / std::log1p(-bound),
                1 + 0.01 * static_cast<double>(n));
  }
}

}  // namespace
}  // namespace bw
