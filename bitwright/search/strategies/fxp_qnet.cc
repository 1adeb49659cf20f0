// FxP-QNet's network designer: one bit less at a time where it does least damage.

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "bitwright/search/dybit.h"
#include "bitwright/search/strategy.h"

namespace bw::strategies {
namespace {

// A decision's next narrower choice that costs less, and its damage for the cost saved.
struct Trial {
  std::size_t choice = 0;
  double ratio = 0;
  bool fresh = false;  // measured at the assignment as it is
};

class Designer {
 public:
  Designer(Problem& problem, ChoiceTable widths, Assignment start)
      : problem_(problem), widths_(std::move(widths)), at_(std::move(start)) {}

  Expected<void> Run() {
    BW_ASSIGN(const auto start, problem_.Evaluate(at_, Fidelity::kFull));
    if (!start || !start->feasible) return {};
    verified_ = at_;
    for (std::size_t d = 0; d < at_.size(); ++d) Renew(d);
    while (!problem_.exhausted()) {
      BW_ASSIGN(const auto next, Best());
      if (!next && steps_.empty()) return {};
      if (next) Commit(*next);
      if (!next || steps_.size() >= stride_) BW_TRY(Verify());
    }
    return {};
  }

 private:
  // The next trial of a decision, its damage as measured alone.
  void Renew(std::size_t d) {
    std::optional<std::size_t> choice;
    for (std::size_t c = 0; c < widths_[d].size(); ++c) {
      const bool narrower = widths_[d][c] < widths_[d][at_[d]] &&
                            problem_.Objective(With(d, c)) < problem_.Objective(at_);
      if (narrower && (!choice || widths_[d][c] > widths_[d][*choice])) choice = c;
    }
    trials_.erase(d);
    if (!choice || locked_.contains(d)) return;
    const auto& losses = problem_.space().losses[d];
    trials_[d] = {*choice, Ratio(d, *choice, losses[*choice] - losses[at_[d]]), false};
  }

  Assignment With(std::size_t d, std::size_t choice) const {
    Assignment next = at_;
    next[d] = choice;
    return next;
  }

  double Ratio(std::size_t d, std::size_t choice, double damage) const {
    const double saved = problem_.Objective(at_) - problem_.Objective(With(d, choice));
    return saved > 0 ? std::max(damage, 0.0) / saved : std::numeric_limits<double>::infinity();
  }

  // The trial of least damage for the cost saved. Damages are measured again, cheaply, only where
  // they decide: the best by older figures is measured until it stays the best.
  Expected<std::optional<std::size_t>> Best() {
    while (!trials_.empty()) {
      const auto best = std::min_element(
          trials_.begin(), trials_.end(),
          [](const auto& a, const auto& b) { return a.second.ratio < b.second.ratio; });
      if (best->second.fresh) return best->first;
      BW_ASSIGN(const auto before, problem_.Evaluate(at_, Fidelity::kCheap));
      BW_ASSIGN(const auto after,
                problem_.Evaluate(With(best->first, best->second.choice), Fidelity::kCheap));
      if (!before || !after) return std::nullopt;
      best->second.ratio = Ratio(best->first, best->second.choice, after->loss - before->loss);
      best->second.fresh = true;
    }
    return std::nullopt;
  }

  void Commit(std::size_t d) {
    at_[d] = trials_.at(d).choice;
    steps_.push_back(d);
    for (auto& [unused, trial] : trials_) trial.fresh = false;
    Renew(d);
    // What saved nothing before may save now, where costs depend on several decisions.
    for (std::size_t e = 0; e < at_.size(); ++e) {
      if (!trials_.contains(e)) Renew(e);
    }
  }

  // Strides of 1, 2, 4, ... steps while the accuracy allows them; from the first refusal on single
  // steps, and what is refused stays as it is.
  Expected<void> Verify() {
    BW_ASSIGN(const auto verdict, problem_.Evaluate(at_, Fidelity::kFull));
    if (verdict && verdict->feasible) {
      verified_ = at_;
      if (!refused_) stride_ *= 2;
    } else {
      if (steps_.size() == 1) locked_[steps_[0]] = true;
      refused_ = true;
      stride_ = 1;
      at_ = verified_;
      for (const std::size_t d : steps_) Renew(d);
    }
    steps_.clear();
    return {};
  }

  Problem& problem_;
  ChoiceTable widths_;
  Assignment at_, verified_;
  std::map<std::size_t, Trial> trials_;  // of decisions that can go on
  std::map<std::size_t, bool> locked_;
  std::vector<std::size_t> steps_;  // since the last verified assignment
  std::size_t stride_ = 1;
  bool refused_ = false;
};

Expected<void> Run(Problem& problem, const StrategyParameters& /*parameters*/) {
  BW_ASSIGN(ChoiceTable widths, problem.Fact("width"));
  Assignment start = DyBitStart({widths, {}, {}});
  return Designer(problem, std::move(widths), std::move(start)).Run();
}

}  // namespace

BW_ENTRY(Strategy, fxp_qnet) = {
    "fxp-qnet",
    "one bit less at a time where the output moves least for the cost saved",
    "FxP-QNet, arXiv 2203.12091, known from its abstract: the order of trials, self-distillation "
    "on "
    "a share of the samples and strides of several bits are our interpretation",
    {},
    Run};

}  // namespace bw::strategies
