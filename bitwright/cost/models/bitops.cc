// Bit operations: each multiply-accumulate counts the product of its factors' widths.

#include "bitwright/cost/model.h"

namespace bw::cost_models {
namespace {

constexpr Quantity kGives[] = {Quantity::kBitOps};

class BitOps : public LayerModel {
 public:
  Cost Layer(const LayerView& view) const override {
    Cost cost;
    cost[Quantity::kBitOps] = static_cast<double>(view.layer().macs) * view.operands.input.bits() *
                              view.operands.weight.bits();
    return cost;
  }
};

Expected<std::unique_ptr<LayerModel>> Bind(const Parameters&) { return std::make_unique<BitOps>(); }

}  // namespace

BW_ENTRY(CostModel, bitops) = {
    .name = "bitops",
    .summary = "multiply-accumulates x bits of the weight x bits of the input",
    .source = "BOPs of HAWQ-V3 (arXiv 2011.10680); float32 counts as 32 bits",
    .gives = kGives,
    .bind = Bind};

}  // namespace bw::cost_models
