#include "bitwright/tune/plan_costs.h"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "bitwright/quant/stored_bytes.h"

namespace bw {
namespace {

// One layer's part of a quantity by the choices of the decisions that it depends on.
struct LayerTerm {
  const PlanSpace* plans = nullptr;
  std::shared_ptr<const LayerCosts> costs;
  std::size_t layer = 0;
  Quantity quantity = Quantity::kBytes;
  std::vector<std::size_t> decisions;
  std::unordered_map<std::size_t, double> known;

  double operator()(std::span<const std::size_t> choices) {
    std::size_t key = 0;
    for (std::size_t i = 0; i < decisions.size(); ++i)
      key = key * plans->losses()[decisions[i]].size() + choices[i];
    const auto [place, is_new] = known.try_emplace(key, 0.0);
    if (is_new) {
      std::vector<const QuantSpec*> specs(plans->targets().tensors.size());
      for (std::size_t i = 0; i < decisions.size(); ++i)
        specs[plans->target(decisions[i])] = &plans->candidate(decisions[i], choices[i]).plan.spec;
      place->second = costs->Layer(layer, specs)[quantity].value_or(0);
    }
    return place->second;
  }
};

class CostMaker {
 public:
  CostMaker(const PlanSpace& plans, std::shared_ptr<const LayerCosts> costs)
      : plans_(plans), costs_(std::move(costs)), decision_of_(plans.targets().tensors.size()) {
    for (std::size_t d = 0; d < plans.losses().size(); ++d) decision_of_[plans.target(d)] = d;
  }

  CostTable Make(Quantity quantity) const {
    const QuantityInfo& info = InfoOf(quantity);
    CostTable table{std::string(info.name), info.combine == CombineRule::kMax, 0, {}};
    if (IsStored(quantity))
      AddStored(quantity, table);
    else
      AddLayers(quantity, table);
    return table;
  }

 private:
  static bool IsStored(Quantity quantity) {
    return quantity == Quantity::kBytes || quantity == Quantity::kWeightBytes ||
           quantity == Quantity::kActivationBytes;
  }

  void AddStored(Quantity quantity, CostTable& table) const {
    const std::vector<const QuantSpec*> all_float(plans_.targets().tensors.size());
    table.constant = costs_->Total(all_float)[quantity].value_or(0);
    for (std::size_t d = 0; d < plans_.losses().size(); ++d) {
      const QuantTarget& target = plans_.targets().tensors[plans_.target(d)];
      const bool is_weight = target.kind == TargetKind::kWeight;
      if (quantity != Quantity::kBytes && (quantity == Quantity::kWeightBytes) != is_weight)
        continue;
      table.constant -= static_cast<double>(StoredBytes(target, nullptr));
      std::vector<double> bytes;
      for (std::size_t c = 0; c < plans_.losses()[d].size(); ++c)
        bytes.push_back(
            static_cast<double>(StoredBytes(target, &plans_.candidate(d, c).plan.spec)));
      table.terms.push_back(SingleTerm(d, std::move(bytes)));
    }
  }

  // The decisions behind a layer's figure, ascending.
  std::vector<std::size_t> DecisionsOf(std::size_t layer, Quantity quantity) const {
    std::set<std::size_t> decisions;
    const auto add = [&](TensorIndex tensor) {
      if (tensor && decision_of_[*tensor]) decisions.insert(*decision_of_[*tensor]);
    };
    if (quantity == Quantity::kPeakBytes) {
      for (const std::size_t b : costs_->alive(layer)) add(costs_->work().buffers[b].tensor);
    } else {
      for (const std::size_t t : costs_->tensors(layer)) add(t);
    }
    return {decisions.begin(), decisions.end()};
  }

  void AddLayers(Quantity quantity, CostTable& table) const {
    for (std::size_t layer = 0; layer < costs_->layers(); ++layer) {
      LayerTerm term{&plans_, costs_, layer, quantity, DecisionsOf(layer, quantity), {}};
      const std::vector<std::size_t> decisions = term.decisions;
      if (!decisions.empty()) {
        table.terms.push_back({decisions, std::move(term)});
        continue;
      }
      const double value = term({});
      table.constant = table.is_peak ? std::max(table.constant, value) : table.constant + value;
    }
  }

  const PlanSpace& plans_;
  std::shared_ptr<const LayerCosts> costs_;
  std::vector<std::optional<std::size_t>> decision_of_;  // by target
};

}  // namespace

std::vector<CostTable> MakeCosts(const PlanSpace& plans,
                                 const std::shared_ptr<const LayerCosts>& costs,
                                 std::span<const Quantity> quantities) {
  const CostMaker maker(plans, costs);
  std::vector<CostTable> tables;
  for (const Quantity quantity : quantities) tables.push_back(maker.Make(quantity));
  return tables;
}

Cost CostOf(const LayerCosts& costs, const QuantTargets& targets, const Plan& plan) {
  return costs.Total(ChoiceOf(plan, targets));
}

}  // namespace bw
