#pragma once
// Plans carried out as well as the methods of a search allow: what is too dear to do for every plan
// that is measured, and is done for the last of them.

#include <optional>
#include <string>

#include "bitwright/tune/plan_space.h"

namespace bw {

// The accuracy of a network by another's measure; greater is better. No value: it cannot say.
using NetworkValue = std::function<Expected<std::optional<double>>(const Graph& quantized)>;

struct RepairedPlan {
  Plan plan;
  Graph quantized;
  Evaluation evaluation;        // on the search split
  std::optional<double> value;  // by NetworkValue, where there is one
};

class RepairedPlans {
 public:
  // `value` may be empty. Everything referred to must outlive this.
  RepairedPlans(PlanSpace& plans, const TuneData& data, const TuneOptions& options,
                NetworkValue value, Progress progress);

  // No method of the options repairs a rounded network.
  bool empty() const { return methods_.empty(); }
  // Tells the repaired plan of an assignment from others.
  std::string Text(const Assignment& assignment) const;

  // The plan after each of the methods that come behind rounding, in their order. What one of them
  // did stays where neither the output's divergence nor the cautious drop (CautiousDrop; with
  // NetworkValue the value) on the search split is worse than without it.
  Expected<const RepairedPlan*> Make(const Assignment& assignment);
  // Whether Make has just made this one.
  bool IsLast(const Assignment& assignment) const { return last_ && last_of_ == assignment; }

 private:
  Expected<RepairedPlan> Unrepaired(const Assignment& assignment);
  Expected<void> Apply(const Method& method, RepairedPlan& at, WeightCodes& codes);
  Expected<bool> Keeps(const RepairedPlan& before, const RepairedPlan& after) const;
  Expected<void> Evaluate(RepairedPlan& at);

  PlanSpace& plans_;
  Dataset calibration_;
  const TuneOptions& options_;
  std::vector<const Method*> methods_;
  NetworkValue value_;
  Progress progress_;
  Assignment last_of_;
  std::optional<RepairedPlan> last_;
};

}  // namespace bw
