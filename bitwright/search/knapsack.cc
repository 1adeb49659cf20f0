#include "bitwright/search/knapsack.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace bw {
namespace {

struct Option {
  double loss = 0, cost = 0;
  std::size_t choice = 0;
};

// From one corner of a decision's convex hull to the next.
struct Step {
  std::size_t depth = 0;
  double loss = 0, saving = 0;
};

// Without dominated choices: losses ascend, costs descend, both strictly.
std::vector<Option> Undominated(const std::vector<double>& losses,
                                const std::vector<double>& costs) {
  std::vector<Option> options;
  for (std::size_t c = 0; c < losses.size(); ++c) options.push_back({losses[c], costs[c], c});
  std::stable_sort(options.begin(), options.end(), [](const Option& a, const Option& b) {
    return a.loss != b.loss ? a.loss < b.loss : a.cost < b.cost;
  });
  std::vector<Option> kept;
  for (const Option& option : options) {
    if (kept.empty() || option.cost < kept.back().cost) kept.push_back(option);
  }
  return kept;
}

std::vector<Option> Hull(const std::vector<Option>& options) {
  const auto slope = [](const Option& a, const Option& b) {
    return (b.loss - a.loss) / (a.cost - b.cost);
  };
  std::vector<Option> hull;
  for (const Option& next : options) {
    while (hull.size() >= 2 &&
           slope(hull[hull.size() - 2], hull.back()) >= slope(hull.back(), next))
      hull.pop_back();
    hull.push_back(next);
  }
  return hull;
}

class BranchAndBound {
 public:
  BranchAndBound(const ChoiceTable& losses, const ChoiceTable& costs, double bound,
                 std::size_t nodes)
      : bound_(bound + 1e-12 * std::abs(bound)), nodes_(nodes), order_(losses.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::vector<std::vector<Option>> options;
    for (std::size_t d = 0; d < losses.size(); ++d)
      options.push_back(Undominated(losses[d], costs[d]));
    const auto span = [&](std::size_t d) {
      return options[d].front().cost - options[d].back().cost;
    };
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return span(a) > span(b); });
    for (const std::size_t d : order_) options_.push_back(options[d]);
    Prepare();
  }

  KnapsackResult Run() {
    KnapsackResult result;
    taken_.assign(order_.size(), 0);
    if (rest_loss_[0] > bound_) return result;
    Descend(0, 0, 0);
    result.optimal = nodes_ > 0;
    result.assignment.resize(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i)
      result.assignment[order_[i]] = options_[i][best_.empty() ? 0 : best_[i]].choice;
    result.feasible = true;  // the least loss everywhere, at worst
    return result;
  }

 private:
  // Sums of the least losses and their costs from each depth on, and all steps by efficiency.
  void Prepare() {
    const std::size_t n = order_.size();
    rest_loss_.assign(n + 1, 0);
    rest_cost_.assign(n + 1, 0);
    for (std::size_t i = n; i-- > 0;) {
      rest_loss_[i] = rest_loss_[i + 1] + options_[i].front().loss;
      rest_cost_[i] = rest_cost_[i + 1] + options_[i].front().cost;
      const std::vector<Option> hull = Hull(options_[i]);
      for (std::size_t h = 1; h < hull.size(); ++h)
        steps_.push_back({i, hull[h].loss - hull[h - 1].loss, hull[h - 1].cost - hull[h].cost});
    }
    std::stable_sort(steps_.begin(), steps_.end(), [](const Step& a, const Step& b) {
      return a.saving * b.loss > b.saving * a.loss;
    });
  }

  // The least cost that the relaxation allows from `depth` on; infinite when nothing fits.
  double Relaxation(std::size_t depth, double loss) const {
    double room = bound_ - loss - rest_loss_[depth];
    if (room < 0) return std::numeric_limits<double>::infinity();
    double cost = rest_cost_[depth];
    for (const Step& step : steps_) {
      if (step.depth < depth) continue;
      if (step.loss >= room) return cost - (step.loss > 0 ? step.saving * room / step.loss : 0);
      room -= step.loss;
      cost -= step.saving;
    }
    return cost;
  }

  void Descend(std::size_t depth, double loss, double cost) {
    if (depth == order_.size()) {
      if (cost >= best_cost_) return;
      best_cost_ = cost;
      best_ = taken_;
      return;
    }
    std::vector<std::pair<double, std::size_t>> children;
    for (std::size_t o = 0; o < options_[depth].size() && nodes_ > 0; ++o, --nodes_) {
      const Option& option = options_[depth][o];
      children.emplace_back(cost + option.cost + Relaxation(depth + 1, loss + option.loss), o);
    }
    std::stable_sort(children.begin(), children.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [least, o] : children) {
      if (!(least < best_cost_ - 1e-12 * std::abs(best_cost_)) && std::isfinite(best_cost_)) break;
      if (!std::isfinite(least)) break;
      taken_[depth] = o;
      Descend(depth + 1, loss + options_[depth][o].loss, cost + options_[depth][o].cost);
    }
  }

  double bound_;
  std::size_t nodes_;
  std::vector<std::size_t> order_;  // decisions by depth
  std::vector<std::vector<Option>> options_;
  std::vector<double> rest_loss_, rest_cost_;
  std::vector<Step> steps_;
  std::vector<std::size_t> taken_, best_;  // options by depth
  double best_cost_ = std::numeric_limits<double>::infinity();
};

}  // namespace

KnapsackResult SolveKnapsack(const ChoiceTable& losses, const ChoiceTable& costs, double bound,
                             std::size_t nodes) {
  return BranchAndBound(losses, costs, bound, nodes).Run();
}

}  // namespace bw
