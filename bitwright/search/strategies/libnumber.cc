// libnumber's four phases over the widths of a problem's choices.

#include "bitwright/search/libnumber.h"

#include <algorithm>
#include <set>

#include "bitwright/search/libnumber_moves.h"
#include "bitwright/search/strategy.h"

namespace bw::strategies {
namespace {

// Full evaluations for each decision from which on the small set is worth its price.
constexpr double kRoundsForSmallSet = 10;

// One ladder without biases: the formats of each width were chosen before.
class Ladder {
 public:
  explicit Ladder(ChoiceTable widths) : widths_(std::move(widths)) {
    std::set<int> all;
    for (const std::vector<double>& row : widths_) {
      for (const double width : row) all.insert(static_cast<int>(width));
    }
    steps_.assign(all.begin(), all.end());
  }

  LibnumberProblem Problem() const {
    LibnumberProblem problem;
    problem.ladders.push_back({steps_, false});
    for (std::size_t d = 0; d < widths_.size(); ++d) problem.items.push_back({0, d});
    return problem;
  }

  // A decision without the width takes its next wider choice, or its widest.
  Assignment Of(const Configuration& configuration) const {
    Assignment assignment;
    for (std::size_t d = 0; d < widths_.size(); ++d) {
      const std::vector<double>& row = widths_[d];
      auto best = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
      for (std::size_t c = 0; c < row.size(); ++c) {
        if (row[c] >= configuration[d].width && row[c] < row[best]) best = c;
      }
      assignment.push_back(best);
    }
    return assignment;
  }

 private:
  ChoiceTable widths_;
  std::vector<int> steps_;
};

Expected<void> Run(Problem& problem, const StrategyParameters& /*parameters*/) {
  BW_ASSIGN(ChoiceTable widths, problem.Fact("width"));
  const Ladder ladder(std::move(widths));
  LibnumberProblem libnumber = ladder.Problem();
  // On few samples it asks for every decision again and again, and the full set must confirm.
  const auto decisions = static_cast<double>(problem.space().decisions());
  libnumber.has_small_set = problem.limits().cheap_share < 1 &&
                            problem.limits().evaluations >= kRoundsForSmallSet * decisions;
  libnumber.cost = [&](const Configuration& c) { return problem.Objective(ladder.Of(c)); };
  // The score is how far inside the bound an assignment is, so 0 is the threshold on either set.
  libnumber.threshold = [](double) { return 0.0; };
  libnumber.scores = [&](SampleSet set, std::span<const Configuration> configurations)
      -> Expected<std::vector<std::optional<double>>> {
    const Fidelity fidelity = set == SampleSet::kSmall ? Fidelity::kCheap : Fidelity::kFull;
    std::vector<std::optional<double>> scores;
    for (const Configuration& configuration : configurations) {
      BW_ASSIGN(const auto verdict, problem.Evaluate(ladder.Of(configuration), fidelity));
      scores.push_back(verdict ? std::optional(verdict->slack) : std::nullopt);
    }
    return scores;
  };
  BW_ASSIGN(const auto start,
            problem.Evaluate(ladder.Of(StartConfiguration(libnumber)), Fidelity::kFull));
  if (!start) return {};
  LibnumberLimits limits;
  // A twentieth is kept for the full set, which alone says what is allowed.
  limits.out_of_time = [&] {
    return problem.spent() >= 0.95 * problem.limits().evaluations || problem.exhausted();
  };
  return SearchLibnumber(libnumber, limits).map([](const auto&) {});
}

}  // namespace

BW_ENTRY(Strategy, libnumber) = {
    "libnumber",
    "all narrower by halves, then one tensor at a time; on few samples first, then on all",
    "libnumber, PACT 2018; one format of each width, chosen before, stands for its types and "
    "biases: our interpretation",
    {},
    Run};

}  // namespace bw::strategies
