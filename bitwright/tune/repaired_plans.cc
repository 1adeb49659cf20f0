#include "bitwright/tune/repaired_plans.h"

#include <algorithm>

#include "bitwright/tune/judge.h"

namespace bw {
namespace {

// For all roundings that one search learns: fixed work, so that the result is the same everywhere.
constexpr double kLearningMacs = 2e12;

bool RepairsRounded(const Method* method) {
  return method->stage == Stage::kBiases ||
         (method->stage == Stage::kRounding && method->name != "compensated_rounding");
}

}  // namespace

RepairedPlans::RepairedPlans(PlanSpace& plans, const TuneData& data, const TuneOptions& options,
                             NetworkValue value, Progress progress)
    : plans_(plans),
      calibration_(data.calibration.First(options.calibration_samples)),
      options_(options),
      value_(std::move(value)),
      progress_(std::move(progress)) {
  std::copy_if(options.methods.begin(), options.methods.end(), std::back_inserter(methods_),
               RepairsRounded);
}

std::string RepairedPlans::Text(const Assignment& assignment) const {
  std::string text = "repaired";
  for (const Method* method : methods_) text += fmt::format(" {}", method->name);
  return text + "\n" + PlanToJson(plans_.PlanOf(assignment));
}

Expected<RepairedPlan> RepairedPlans::Unrepaired(const Assignment& assignment) {
  RepairedPlan at;
  at.plan = plans_.PlanOf(assignment);
  BW_ASSIGN(at.quantized, plans_.Quantized(assignment));
  BW_TRY(Evaluate(at));
  return at;
}

Expected<void> RepairedPlans::Evaluate(RepairedPlan& at) {
  BW_ASSIGN(at.evaluation,
            plans_.search().RunGraph(at.quantized, {options_.threads, Backend::kFast, false}));
  if (value_) {
    BW_ASSIGN(at.value, value_(at.quantized));
  }
  return {};
}

Expected<const RepairedPlan*> RepairedPlans::Make(const Assignment& assignment) {
  if (IsLast(assignment)) return &*last_;
  BW_ASSIGN(RepairedPlan best, Unrepaired(assignment));
  WeightCodes codes = plans_.Codes(assignment);
  for (const Method* method : methods_) {
    RepairedPlan next = best;
    WeightCodes next_codes = codes;
    BW_TRY(Apply(*method, next, next_codes));
    BW_TRY(Evaluate(next));
    BW_ASSIGN(const bool keeps, Keeps(best, next));
    if (!keeps) continue;
    best = std::move(next);
    codes = std::move(next_codes);
  }
  last_of_ = assignment;
  last_ = std::move(best);
  return &*last_;
}

Expected<void> RepairedPlans::Apply(const Method& method, RepairedPlan& at, WeightCodes& codes) {
  const MethodContext context{&calibration_, &WithoutLabels(plans_.search().metric().name),
                              options_.seed, options_.threads,
                              progress_,     kLearningMacs};
  QuantDraft draft;
  draft.original = &plans_.graph();
  draft.graph = plans_.graph();
  draft.targets = &plans_.targets();
  draft.statistics = {plans_.statistics(), {}};
  draft.plan = std::move(at.plan);
  draft.codes = std::move(codes);
  draft.quantized = std::move(at.quantized);
  Expected<std::string> note = method.apply(draft, context);
  if (!note) return Context(std::string(method.name), note.error());
  if (method.stage == Stage::kRounding) {
    BW_ASSIGN(draft.quantized, ApplyPlan(draft.graph, *draft.targets, draft.plan, draft.codes));
  }
  at.plan = std::move(draft.plan);
  at.quantized = std::move(draft.quantized);
  codes = std::move(draft.codes);
  return {};
}

Expected<bool> RepairedPlans::Keeps(const RepairedPlan& before, const RepairedPlan& after) const {
  if (after.evaluation.divergence > before.evaluation.divergence) return false;
  if (value_) return after.value && (!before.value || *after.value >= *before.value);
  const auto drop = [&](const RepairedPlan& at) {
    return CautiousDrop(plans_.search(), at.evaluation, options_);
  };
  return drop(after) <= drop(before);
}

}  // namespace bw
