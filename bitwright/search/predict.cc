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
constexpr double kHighestPrice = 100;  // of all that constraints allow, in objectives
constexpr int kPriceSteps = 20;
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

// All is a weighted sum of costs that add up over decisions.
bool IsWeighted(const SearchSpace& space, const Demand& demand) {
  const auto is_weighted = [](const Constraint& c) { return !c.weights.empty(); };
  return !demand.weights.empty() && IsSeparable(space) &&
         std::all_of(demand.constraints.begin(), demand.constraints.end(), is_weighted);
}

// The objective's weights with a price on what the constraints bound, in parts of their limits.
std::vector<double> PricedWeights(const Demand& demand, double price) {
  std::vector<double> weights = demand.weights;
  for (const Constraint& constraint : demand.constraints) {
    const double limit = std::max(std::abs(constraint.limit), 1e-30);
    for (std::size_t k = 0; k < weights.size(); ++k)
      weights[k] += price * constraint.weights[k] / limit;
  }
  return weights;
}

// The least objective within the loss by exact knapsacks, at the lowest price found by bisection
// under which the constraints are kept (Everett 1963); nothing where none keeps them.
std::optional<Assignment> SolvePriced(const SearchSpace& space, const ChoiceTable& losses,
                                      const Demand& demand, double scale, double bound,
                                      std::size_t nodes) {
  std::optional<Assignment> best;
  double low = 0, high = kHighestPrice * scale, price = 0;
  for (int step = 0; step < kPriceSteps; ++step) {
    const KnapsackResult found =
        SolveKnapsack(losses, ChoiceCosts(space, PricedWeights(demand, price)), bound, nodes);
    if (!found.feasible) return std::nullopt;
    const std::vector<double> totals = Totals(space, found.assignment);
    const bool keeps = Keeps(demand, totals);
    if (keeps && (!best || demand.objective(totals) < demand.objective(Totals(space, *best))))
      best = found.assignment;
    if (keeps && price == 0) return best;
    (keeps ? high : low) = price;
    price = step == 0 ? high : (low + high) / 2;
  }
  return best;
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
  const bool weighted = IsWeighted(space, demand);
  if (weighted && demand.constraints.empty()) {
    const KnapsackResult exact =
        SolveKnapsack(losses, ChoiceCosts(space, demand.weights), bound, nodes);
    if (exact.feasible && exact.optimal) return exact.assignment;
  }
  const auto last = std::find_if(path.rbegin(), path.rend(),
                                 [&](const PathPoint& point) { return point.loss <= bound; });
  BW_CHECK(last != path.rend());
  const double scale = std::abs(demand.objective(Totals(space, path[0].assignment)));
  Assignment start = last->assignment;
  if (weighted) {
    const auto priced = SolvePriced(space, losses, demand, scale, bound, nodes);
    if (priced && demand.objective(Totals(space, *priced)) < last->merit) start = *priced;
  }
  Walk walk(space, demand, std::move(start), scale);
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
