#include "bitwright/quant/bias_correction.h"

#include <algorithm>

#include "bitwright/quant/method.h"

namespace bw::methods {
namespace {

constexpr double kMacs = 1e12;

Expected<std::string> Apply(QuantDraft& draft, const MethodContext& context) {
  const bool fitted = std::any_of(
      draft.plan.tensors.begin(), draft.plan.tensors.end(),
      [](const auto& entry) { return entry.second.rounding == WeightRounding::kLearned; });
  BW_ASSIGN(draft.plan.biases,
            CorrectBiases(draft.quantized, draft.graph, *context.calibration, context.threads,
                          kMacs, context.progress, draft.plan.biases));
  BW_TRY(SetBiases(draft.quantized, draft.plan.biases));
  return fitted ? std::string("the last layer; the others were fitted")
                : fmt::format("{} layers", draft.plan.biases.size());
}

}  // namespace

BW_ENTRY(Method, bias_correction) = {"bias_correction",
                                     "each layer's mean output made the float network's again",
                                     Stage::kBiases,
                                     Effort::kStandard,
                                     {},
                                     Apply};

}  // namespace bw::methods
