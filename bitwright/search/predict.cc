#include "bitwright/search/predict.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "bitwright/base/check.h"
#include "bitwright/search/knapsack.h"

namespace bw {
namespace {

constexpr std::size_t kMostExchanges = 200;
constexpr double kRounding = 1e-12;  // of a sum of many terms

double AddedLoss(const ChoiceTable& losses, const Assignment& at, std::span<const Change> changes) {
  double added = 0;
  for (const Change& change : changes)
    added += losses[change.decision][change.choice] - losses[change.decision][at[change.decision]];
  return added;
}

struct Scored {
  Move move;
  double loss = 0, merit = 0;  // added
};

// Of the moves that lower the merit and fit into `room`, the one that adds least loss for it.
std::optional<Scored> BestStep(const SearchSpace& space, const ChoiceTable& losses, Walk& walk,
                               double room) {
  const double least = kRounding * std::abs(walk.merit());
  std::optional<Scored> best;
  for (const Move& move : MovesFrom(space, walk.assignment())) {
    const double loss = AddedLoss(losses, walk.assignment(), move.span());
    if (loss > room) continue;
    const double merit = walk.MeritAfter(move.span()) - walk.merit();
    if (merit >= -least) continue;
    if (!best || loss * best->merit > best->loss * merit) best = Scored{move, loss, merit};
  }
  return best;
}

bool Overlap(const Move& a, const Move& b) {
  for (const Change& x : a.span()) {
    for (const Change& y : b.span()) {
      if (x.decision == y.decision) return true;
    }
  }
  return false;
}

// The best exchange of a move that lowers the loss and one that lowers the merit; nothing when none
// helps within `room`.
std::vector<Change> BestExchange(const SearchSpace& space, const ChoiceTable& losses, Walk& walk,
                                 double room) {
  std::vector<Scored> safer, cheaper;
  for (const Move& move : MovesFrom(space, walk.assignment())) {
    const Scored scored{move, AddedLoss(losses, walk.assignment(), move.span()),
                        walk.MeritAfter(move.span()) - walk.merit()};
    if (scored.merit < 0) cheaper.push_back(scored);
    if (scored.loss < 0) safer.push_back(scored);
  }
  double best = -kRounding * std::abs(walk.merit());
  std::vector<Change> exchange;
  for (const Scored& up : safer) {
    for (const Scored& down : cheaper) {
      if (up.loss + down.loss > room || up.merit + down.merit >= best) continue;
      if (Overlap(up.move, down.move)) continue;
      std::vector<Change> both(up.move.span().begin(), up.move.span().end());
      both.insert(both.end(), down.move.span().begin(), down.move.span().end());
      const double merit = walk.MeritAfter(both) - walk.merit();
      if (merit >= best) continue;
      best = merit;
      exchange = both;
    }
  }
  return exchange;
}

// What each choice adds to a weighted sum of separable costs.
ChoiceTable ChoiceCosts(const SearchSpace& space, const std::vector<double>& weights) {
  ChoiceTable costs;
  for (std::size_t d = 0; d < space.decisions(); ++d) costs.emplace_back(space.choices(d), 0.0);
  for (std::size_t k = 0; k < space.costs.size(); ++k) {
    for (const CostTerm& term : space.costs[k].terms) {
      const std::size_t d = term.decisions[0];
      for (std::size_t c = 0; c < space.choices(d); ++c)
        costs[d][c] += weights[k] * term.value(std::span(&c, 1));
    }
  }
  return costs;
}

}  // namespace

Assignment LeastLoss(const SearchSpace& space, const ChoiceTable& losses, const Demand& demand) {
  Assignment start;
  for (const std::vector<double>& row : losses) {
    BW_CHECK(!row.empty());
    start.push_back(
        static_cast<std::size_t>(std::min_element(row.begin(), row.end()) - row.begin()));
  }
  Walk walk(space, demand, start, 0);
  for (std::size_t d = 0; d < losses.size(); ++d) {
    for (std::size_t c = 0; c < losses[d].size(); ++c) {
      const Change change{d, c};
      const bool equal = losses[d][c] == losses[d][walk.assignment()[d]];
      if (equal && walk.MeritAfter(std::span(&change, 1)) < walk.merit())
        walk.Take(std::span(&change, 1));
    }
  }
  return walk.assignment();
}

ChoiceTable MarginalCosts(const SearchSpace& space, const Demand& demand, const Assignment& at) {
  Walk walk(space, demand, at, 0);
  ChoiceTable costs;
  for (std::size_t d = 0; d < space.decisions(); ++d) {
    costs.emplace_back();
    for (std::size_t c = 0; c < space.choices(d); ++c) {
      const Change change{d, c};
      costs.back().push_back(walk.MeritAfter(std::span(&change, 1)));
    }
  }
  return costs;
}

std::vector<PathPoint> MakePath(const SearchSpace& space, const ChoiceTable& losses,
                                const Demand& demand) {
  const Assignment start = LeastLoss(space, losses, demand);
  const double scale = std::abs(demand.objective(Totals(space, start)));
  Walk walk(space, demand, start, scale);
  std::vector<PathPoint> path{{start, SummedLoss(losses, start), walk.merit()}};
  while (const auto step = BestStep(space, losses, walk, std::numeric_limits<double>::infinity())) {
    walk.Take(step->move.span());
    path.push_back({walk.assignment(), SummedLoss(losses, walk.assignment()), walk.merit()});
  }
  return path;
}

Assignment SolveWithin(const SearchSpace& space, const ChoiceTable& losses, const Demand& demand,
                       const std::vector<PathPoint>& path, double bound, std::size_t nodes) {
  if (demand.constraints.empty() && !demand.weights.empty() && IsSeparable(space)) {
    const KnapsackResult exact =
        SolveKnapsack(losses, ChoiceCosts(space, demand.weights), bound, nodes);
    if (exact.feasible && exact.optimal) return exact.assignment;
  }
  const auto last = std::find_if(path.rbegin(), path.rend(),
                                 [&](const PathPoint& point) { return point.loss <= bound; });
  BW_CHECK(last != path.rend());
  const double scale = std::abs(demand.objective(Totals(space, path[0].assignment)));
  Walk walk(space, demand, last->assignment, scale);
  const auto room = [&] { return bound - SummedLoss(losses, walk.assignment()); };
  for (std::size_t i = 0; i < kMostExchanges; ++i) {
    if (const auto step = BestStep(space, losses, walk, room())) {
      walk.Take(step->move.span());
      continue;
    }
    const std::vector<Change> exchange = BestExchange(space, losses, walk, room());
    if (exchange.empty()) break;
    walk.Take(exchange);
  }
  return walk.assignment();
}

}  // namespace bw
