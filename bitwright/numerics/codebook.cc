#include "bitwright/numerics/codebook.h"

#include <algorithm>
#include <cstdint>

#include "bitwright/base/check.h"

namespace bw {
namespace {

struct Point {
  double value, weight;
};

// The values of positive weight, ascending and distinct.
std::vector<Point> Distinct(std::span<const float> values, std::span<const float> weights) {
  std::vector<Point> points;
  points.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (weights[i] > 0) {
      points.push_back({static_cast<double>(values[i]), static_cast<double>(weights[i])});
    }
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.value < b.value; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (kept > 0 && points[kept - 1].value == points[i].value) {
      points[kept - 1].weight += points[i].weight;
    } else {
      points[kept++] = points[i];
    }
  }
  points.resize(kept);
  return points;
}

// Neighbourhoods that end where either a grid of equal counts or one of equal widths does.
std::vector<Point> Gather(const std::vector<Point>& points) {
  constexpr std::size_t kCells = kMostCodebookPoints / 2;
  const double low = points.front().value;
  const double width = (points.back().value - low) / kCells;
  std::vector<Point> gathered;
  std::size_t last_rank = kCells, last_place = kCells + 1;
  double moment = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t rank = i * kCells / points.size();
    const auto place =
        std::min(kCells - 1, static_cast<std::size_t>((points[i].value - low) / width));
    if (rank != last_rank || place != last_place) {
      gathered.push_back({0, 0});
      moment = 0;
    }
    last_rank = rank;
    last_place = place;
    Point& cell = gathered.back();
    cell.weight += points[i].weight;
    moment += points[i].weight * (points[i].value - low);
    cell.value = low + moment / cell.weight;
  }
  return gathered;
}

// Least cost of the first points in so many clusters, by the divide-and-conquer of monotone
// optimal splits: O(k n log n).
class Clustering {
 public:
  Clustering(const std::vector<Point>& points, std::size_t k) : n_(points.size()), k_(k) {
    const long double origin = points[n_ / 2].value;
    weight_.push_back(0);
    first_.push_back(0);
    second_.push_back(0);
    origin_ = origin;
    for (const Point& point : points) {
      const long double x = point.value - origin;
      weight_.push_back(weight_.back() + point.weight);
      first_.push_back(first_.back() + point.weight * x);
      second_.push_back(second_.back() + point.weight * x * x);
    }
  }

  std::vector<double> Solve() {
    split_.assign(k_ * (n_ + 1), 0);
    cost_.resize(n_ + 1);
    for (std::size_t i = 0; i <= n_; ++i) cost_[i] = Cost(0, i);
    for (std::size_t cluster = 1; cluster < k_; ++cluster) {
      next_.assign(n_ + 1, 0);
      Improve(cluster, {cluster + 1, n_, cluster, n_ - 1});
      cost_.swap(next_);
    }
    return Centres();
  }

 private:
  // Points first..last (counts of a prefix) whose last cluster starts within low..high.
  struct Span {
    std::size_t first, last, low, high;
  };

  // Of points [begin, end).
  long double Cost(std::size_t begin, std::size_t end) const {
    if (end - begin < 2) return 0;
    const long double w = weight_[end] - weight_[begin];
    const long double x = first_[end] - first_[begin];
    const long double xx = second_[end] - second_[begin];
    return std::max(0.0L, xx - x * x / w);
  }

  void Improve(std::size_t cluster, const Span& span) {
    if (span.first > span.last) return;
    const std::size_t middle = span.first + (span.last - span.first) / 2;
    std::size_t best = span.low;
    long double least = -1;
    for (std::size_t start = span.low; start <= std::min(span.high, middle - 1); ++start) {
      const long double cost = cost_[start] + Cost(start, middle);
      if (least >= 0 && cost > least) continue;
      least = cost;
      best = start;
    }
    next_[middle] = least;
    split_[cluster * (n_ + 1) + middle] = static_cast<std::uint32_t>(best);
    Improve(cluster, {span.first, middle - 1, span.low, best});
    Improve(cluster, {middle + 1, span.last, best, span.high});
  }

  std::vector<double> Centres() const {
    std::vector<double> centres(k_);
    std::size_t end = n_;
    for (std::size_t cluster = k_; cluster-- > 0;) {
      const std::size_t begin = split_[cluster * (n_ + 1) + end];
      const long double w = weight_[end] - weight_[begin];
      centres[cluster] = static_cast<double>(origin_ + (first_[end] - first_[begin]) / w);
      end = begin;
    }
    BW_CHECK(end == 0);
    return centres;
  }

  std::size_t n_, k_;
  long double origin_ = 0;
  std::vector<long double> weight_, first_, second_;  // sums of w, w x, w x^2 over prefixes
  std::vector<long double> cost_, next_;              // by number of points
  std::vector<std::uint32_t> split_;                  // start of the last cluster
};

}  // namespace

std::vector<double> OptimalCodebook(std::span<const float> values, std::span<const float> weights,
                                    std::size_t k) {
  BW_CHECK(values.size() == weights.size() && k >= 1);
  std::vector<Point> points = Distinct(values, weights);
  BW_CHECK(!points.empty());
  if (points.size() > kMostCodebookPoints) points = Gather(points);
  if (points.size() > k) return Clustering(points, k).Solve();
  std::vector<double> all;
  for (const Point& point : points) all.push_back(point.value);
  return all;
}

}  // namespace bw
