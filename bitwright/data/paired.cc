#include "bitwright/data/paired.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <vector>

#include "bitwright/base/check.h"

namespace bw {
namespace {

// The part of 1 - confidence that pays for the interval of P(won).
constexpr double kNuisanceShare = 0.02;
constexpr double kRelativeTolerance = 5e-3, kAbsoluteTolerance = 1e-7;
// Outcomes of c beyond this many standard deviations are counted as if they were all in the region.
constexpr double kTailDeviations = 7.5;

// P(X <= k), X ~ Binomial(n, p).
double BinomialCdf(std::int64_t k, std::int64_t n, double p) {
  if (k < 0) return 0;
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  return boost::math::ibetac(static_cast<double>(k + 1), static_cast<double>(n - k), p);
}

double BinomialPmf(std::int64_t k, std::int64_t n, double p) {
  if (k < 0 || k > n) return 0;
  return boost::math::pdf(boost::math::binomial(static_cast<double>(n), p), static_cast<double>(k));
}

// P(X <= k), X ~ Binomial(n, p), from one (k, n) to the next by its recurrences; computed afresh
// where the terms are too small to carry them.
class BinomialWalk {
 public:
  BinomialWalk(std::int64_t k, std::int64_t n, double p) : k_(k), n_(n), p_(p) { Seed(); }
  double cdf() const { return std::min(cdf_, 1.0); }

  // To k >= the last k and n - 1.
  void Next(std::int64_t k) {
    const auto old_k = static_cast<double>(k_), old_n = static_cast<double>(n_);
    --n_;
    if (pmf_ < kSmallestCarried || k_ > n_ || k > n_) {
      k_ = k;
      return Seed();
    }
    pmf_ *= (old_n - old_k) / (old_n * (1 - p_));
    cdf_ += p_ * pmf_;
    for (; k_ < k; ++k_) {
      pmf_ *= static_cast<double>(n_ - k_) / static_cast<double>(k_ + 1) * (p_ / (1 - p_));
      cdf_ += pmf_;
    }
  }

 private:
  static constexpr double kSmallestCarried = 1e-200;
  void Seed() {
    cdf_ = BinomialCdf(k_, n_, p_);
    pmf_ = p_ < 1 ? BinomialPmf(k_, n_, p_) : 0;
  }
  std::int64_t k_, n_;
  double p_, pmf_ = 0, cdf_ = 0;
};

double Normal(double probability) {
  return boost::math::quantile(boost::math::normal(), probability);
}

// Tango's score statistic of "the drop is delta", standard normal in the limit:
// (lost - won - n delta) / sqrt(n (2 q + delta (1 - delta))), q the most likely P(won) under it,
// the root of 2n q^2 + ((2n - lost + won) delta - lost - won) q - won delta (1 - delta) = 0.
double Score(double n, double lost, double won, double delta) {
  const double b = (2 * n - lost + won) * delta - lost - won;
  const double c = -won * delta * (1 - delta);
  const double q = (std::sqrt(std::max(b * b - 8 * n * c, 0.0)) - b) / (4 * n);
  const double variance = n * (2 * q + delta * (1 - delta));
  const double distance = lost - won - n * delta;
  if (variance <= 0) return distance == 0 ? 0 : std::copysign(HUGE_VAL, distance);
  return distance / std::sqrt(variance);
}

// The largest delta that the score does not refuse.
double ScoreLimit(const PairedCounts& counts, double z) {
  const auto n = static_cast<double>(counts.samples);
  const auto lost = static_cast<double>(counts.lost), won = static_cast<double>(counts.won);
  double low = counts.drop(), high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (Score(n, lost, won, middle) < -z ? high : low) = middle;
  }
  return high;
}

// The outcomes that look as good as the observed one: lost <= Most(won), Most not decreasing.
class Region {
 public:
  Region(const PairedCounts& counts, double alpha) : counts_(counts), z_(Normal(1 - alpha)) {
    limit_ = ScoreLimit(counts, z_);
    most_.reserve(static_cast<std::size_t>(counts.samples) + 1);
    std::int64_t most = -1;
    for (std::int64_t won = 0; won <= counts.samples; ++won) {
      most = std::max(most, MostAt(won, most));
      if (won == counts.won) most = std::max(most, counts.lost);
      most_.push_back(most);
    }
  }

  double limit() const { return limit_; }
  std::int64_t samples() const { return counts_.samples; }

  // Probability of the region for P(lost) = p, P(won) = q, p + q <= 1; not less than it by more
  // than rounding. Falls in p and rises in q, since Most does not decrease.
  double Probability(double p, double q) const {
    const std::int64_t n = counts_.samples;
    const double mean = static_cast<double>(n) * q;
    const double reach = kTailDeviations * std::sqrt(mean * (1 - q)) + 30;
    const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>(mean - reach));
    const auto last = std::min<std::int64_t>(n, static_cast<std::int64_t>(mean + reach));
    double sum = BinomialCdf(first - 1, n, q) + (1 - BinomialCdf(last, n, q));
    const double rest = q < 1 ? std::min(1.0, p / (1 - q)) : 1;
    double weight = BinomialPmf(first, n, q);
    BinomialWalk lost(most_[static_cast<std::size_t>(first)], n - first, rest);
    for (std::int64_t won = first;; ++won) {
      sum += weight * lost.cdf();
      if (won == last) break;
      lost.Next(most_[static_cast<std::size_t>(won) + 1]);
      weight *= static_cast<double>(n - won) / static_cast<double>(won + 1) * (q / (1 - q));
    }
    return sum;
  }

 private:
  // By bisection: the score rises with the number lost. `known` is a number that is not refused.
  std::int64_t MostAt(std::int64_t won, std::int64_t known) const {
    const auto n = static_cast<double>(counts_.samples);
    std::int64_t good = known, bad = counts_.samples - won + 1;
    while (bad - good > 1) {
      const std::int64_t middle = (good + bad) / 2;
      const bool inside =
          Score(n, static_cast<double>(middle), static_cast<double>(won), limit_) <= -z_;
      (inside ? good : bad) = middle;
    }
    return good;
  }

  PairedCounts counts_;
  double z_, limit_ = 1;
  std::vector<std::int64_t> most_;  // by won; -1: none
};

// True when a true drop of `delta` or more gives the region at most the probability `alpha`, for
// every P(won) in [cell.low, cell.high]. Proved by bounds over cells that are halved where the
// bound does not do: within a cell no probability exceeds that of the least P(lost) with the
// greatest P(won). A cell narrower than `narrowest` is not refuted, which raises the limit by no
// more.
bool Refuted(const Region& region, double delta, Interval cell, double alpha, double narrowest) {
  if (region.Probability(cell.low + delta, cell.high) <= alpha) return true;
  const double middle = (cell.low + cell.high) / 2;
  if (cell.high - cell.low < narrowest) return false;
  if (region.Probability(middle + delta, middle) > alpha) return false;
  return Refuted(region, delta, {middle, cell.high}, alpha, narrowest) &&
         Refuted(region, delta, {cell.low, middle}, alpha, narrowest);
}

}  // namespace

double McNemarExact(const PairedCounts& counts) {
  const std::int64_t changed = counts.lost + counts.won;
  return std::min(1.0, 2 * BinomialCdf(std::min(counts.lost, counts.won), changed, 0.5));
}

double McNemarMidP(const PairedCounts& counts) {
  const std::int64_t changed = counts.lost + counts.won, fewer = std::min(counts.lost, counts.won);
  return BinomialCdf(fewer, changed, 0.5) + BinomialCdf(fewer - 1, changed, 0.5);
}

Interval ShareInterval(std::int64_t hits, std::int64_t samples, double confidence) {
  BW_CHECK(samples > 0 && 0 <= hits && hits <= samples);
  const auto k = static_cast<double>(hits), n = static_cast<double>(samples);
  const double tail = (1 - confidence) / 2;
  return {hits == 0 ? 0 : boost::math::ibeta_inv(k, n - k + 1, tail),
          hits == samples ? 1 : boost::math::ibeta_inv(k + 1, n - k, 1 - tail)};
}

double UpperDropLimit(const PairedCounts& counts, double confidence) {
  BW_CHECK(counts.samples > 0 && counts.lost >= 0 && counts.won >= 0);
  BW_CHECK(counts.lost + counts.won <= counts.samples);
  BW_CHECK(confidence > 0.5 && confidence < 1);
  if (counts.lost == counts.samples) return 1;
  const double alpha = 1 - confidence, nuisance = kNuisanceShare * alpha;
  const Region region(counts, alpha);
  const Interval won = ShareInterval(counts.won, counts.samples, 1 - nuisance);
  const auto tolerance = [&](double delta) {
    return kAbsoluteTolerance + kRelativeTolerance * (delta - counts.drop());
  };
  const auto refuted = [&](double delta) {
    // P(lost) = P(won) + delta >= 0 and P(lost) + P(won) <= 1.
    const Interval cell{std::max(won.low, -delta), std::min(won.high, (1 - delta) / 2)};
    return cell.low > cell.high ||
           Refuted(region, delta, cell, alpha - nuisance, tolerance(delta) / 2);
  };
  double low = counts.drop(), high = region.limit();
  for (double step = (high - low) * 0.02 + kAbsoluteTolerance; high < 1 && !refuted(high);
       step *= 2) {
    low = high;
    high = std::min(1.0, high + step);
  }
  while (high - low > tolerance(high) / 2) {
    const double middle = (low + high) / 2;
    (refuted(middle) ? high : low) = middle;
  }
  return high;
}

Interval DropInterval(const PairedCounts& counts, double confidence) {
  const double half = (1 + confidence) / 2;
  const PairedCounts other_way{counts.samples, counts.won, counts.lost};
  return {-UpperDropLimit(other_way, half), UpperDropLimit(counts, half)};
}

std::int64_t FewestSamples(double max_drop, double confidence) {
  BW_CHECK(max_drop > 0);
  std::int64_t bad = 0, good = 1;
  const auto shows = [&](std::int64_t n) {
    return UpperDropLimit({n, 0, 0}, confidence) <= max_drop;
  };
  while (!shows(good)) {
    bad = good;
    good *= 2;
  }
  while (good - bad > 1) {
    const std::int64_t middle = (good + bad) / 2;
    (shows(middle) ? good : bad) = middle;
  }
  return good;
}

}  // namespace bw
