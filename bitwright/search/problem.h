#pragma once
// A search problem: a space, a demand, and the true measurement, which is dear and counted. Knows
// no graph, no format and no chip.

#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/base/progress.h"
#include "bitwright/search/space.h"

namespace bw {

// What the true measurement says of an assignment.
struct Verdict {
  bool feasible = false;  // within the bound on accuracy
  double slack = 0;       // how far inside the bound; negative outside
  double loss = 0;        // of the same kind as SearchSpace::losses
};

enum class Fidelity { kCheap, kFull };

// Measures. Only kFull says what is feasible. An error ends the search.
using Oracle = std::function<Expected<Verdict>(const Assignment&, Fidelity)>;

// More about each choice for the strategies that want it ("width", "local_error", "trace", ...), by
// name; computed when first asked for.
using FactSource = std::function<Expected<ChoiceTable>(std::string_view name)>;

struct SearchLimits {
  double evaluations = 100;           // full ones
  double cheap_share = 0.25;          // of a full evaluation, that a cheap one costs
  std::function<bool()> out_of_time;  // may be empty
  // Told each better assignment that the bound and the constraints allow; may be empty.
  std::function<Expected<void>(const Assignment&)> best;
  Progress progress;
};

struct MeasuredAssignment {
  Assignment assignment;
  Verdict verdict;
  double objective = 0;
  bool allowed = false;  // feasible, and the constraints are kept
};

class Problem {
 public:
  Problem(SearchSpace space, Demand demand, Oracle oracle, FactSource facts, SearchLimits limits)
      : space_(std::move(space)),
        losses_(space_.losses),
        demand_(std::move(demand)),
        oracle_(std::move(oracle)),
        facts_(std::move(facts)),
        limits_(std::move(limits)) {}

  const SearchSpace& space() const { return space_; }
  // The space's losses as a strategy has corrected them by what it measured.
  const ChoiceTable& losses() const { return losses_; }
  void Teach(ChoiceTable losses) { losses_ = std::move(losses); }
  const Demand& demand() const { return demand_; }
  double Objective(const Assignment& assignment) const {
    return demand_.objective(Totals(space_, assignment));
  }

  // Remembered answers are free; nullopt when the budget does not allow a new one.
  Expected<std::optional<Verdict>> Evaluate(const Assignment& assignment, Fidelity fidelity);
  bool exhausted() const;
  double spent() const { return spent_; }  // in full evaluations
  const SearchLimits& limits() const { return limits_; }

  Expected<ChoiceTable> Fact(std::string_view name) const { return facts_(name); }

  // The allowed assignment of the least objective; of equals the one measured first.
  const std::optional<MeasuredAssignment>& best() const { return best_; }
  // Every full measurement, in order.
  const std::vector<MeasuredAssignment>& measured() const { return measured_; }

 private:
  Expected<void> Note(const Assignment& assignment, const Verdict& verdict);

  SearchSpace space_;
  ChoiceTable losses_;
  Demand demand_;
  Oracle oracle_;
  FactSource facts_;
  SearchLimits limits_;
  std::map<std::pair<Fidelity, Assignment>, Verdict> known_;
  std::vector<MeasuredAssignment> measured_;
  std::optional<MeasuredAssignment> best_;
  double spent_ = 0;
};

}  // namespace bw
