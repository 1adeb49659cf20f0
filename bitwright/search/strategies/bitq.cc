// BitQ's score: accuracy lost plus lambda times cost.

#include <algorithm>
#include <cmath>

#include "bitwright/search/level.h"
#include "bitwright/search/predict.h"
#include "bitwright/search/strategy.h"

namespace bw::strategies {
namespace {

// Of the bisection; the paper's lambda is 0.2.
constexpr double kLeastLambda = 1e-5, kMostLambda = 1e2;
constexpr int kMostRounds = 50;

constexpr StrategyParameter kParameters[] = {
    {"lambda",
     "how much the greatest cost counts against a loss of 1; without it, as much as the accuracy "
     "allows",
     0, 1e6}};

// Coordinate descent on the score from the least loss, until a round changes nothing.
Assignment LeastScore(const Problem& problem, double lambda) {
  const SearchSpace& space = problem.space();
  Walk walk(space, problem.demand(), LeastLoss(space, space.losses, problem.demand()), 0);
  const double weight = lambda / std::abs(walk.merit());
  bool changed = true;
  for (int round = 0; changed && round < kMostRounds; ++round) {
    changed = false;
    for (std::size_t d = 0; d < space.decisions(); ++d) {
      const auto score = [&](std::size_t c) {
        const Change change{d, c};
        return space.losses[d][c] + weight * walk.MeritAfter(std::span(&change, 1));
      };
      std::size_t best = walk.assignment()[d];
      for (std::size_t c = 0; c < space.choices(d); ++c) {
        if (score(c) < score(best)) best = c;
      }
      if (best == walk.assignment()[d]) continue;
      const Change change{d, best};
      walk.Take(std::span(&change, 1));
      changed = true;
    }
  }
  return walk.assignment();
}

Expected<void> Run(Problem& problem, const StrategyParameters& parameters) {
  const auto lambda = parameters.find("lambda");
  if (lambda != parameters.end()) {
    return problem.Evaluate(LeastScore(problem, lambda->second), Fidelity::kFull)
        .map([](const auto&) {});
  }
  return BisectLevel(problem, [&](double level) -> Expected<Assignment> {
    return LeastScore(problem, kLeastLambda * std::pow(kMostLambda / kLeastLambda, level));
  });
}

}  // namespace

BW_ENTRY(Strategy, bitq) = {
    "bitq", "least score of loss and lambda times cost, by coordinate descent",
    "BitQ, arXiv 2409.17093; summed sensitivities stand for the accuracy of trained networks: our "
    "interpretation",
    kParameters, Run};

}  // namespace bw::strategies
