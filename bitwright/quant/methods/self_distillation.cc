#include "bitwright/quant/self_distillation.h"

#include "bitwright/quant/method.h"

namespace bw::methods {
namespace {

constexpr double kMacs = 1e12;
constexpr Statistic kNeeds[] = {Statistic::kActivations};

Expected<std::string> Apply(QuantDraft& draft, const MethodContext& context) {
  if (!NeedsOutputScales(draft.plan)) return std::string("no activation asks for it");
  BW_ASSIGN(Evaluator evaluator,
            Evaluator::Create(draft.graph, *context.calibration, *context.metric,
                              {context.threads, Backend::kFast, false}, context.progress));
  BW_TRY(ChooseScalesByOutput(draft.plan, draft.graph, *draft.targets, draft.statistics.activations,
                              evaluator, kMacs, context.progress));
  return std::string("scales of activations by the divergence of the output");
}

}  // namespace

BW_ENTRY(Method, self_distillation) = {
    "self_distillation",
    "scales of activations chosen by what they do to the network's output",
    Stage::kScales,
    Effort::kFast,
    kNeeds,
    Apply};

}  // namespace bw::methods
