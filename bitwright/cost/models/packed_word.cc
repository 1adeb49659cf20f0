// Several numbers in a 32-bit word, multiplied side by side.

#include <algorithm>
#include <cmath>

#include "bitwright/cost/model.h"

namespace bw::cost_models {
namespace {

constexpr Quantity kGives[] = {Quantity::kLatencyNs};

constexpr ParameterRule kParameters[] = {
    {"mhz", "clock", 1, 1, 10000},
    {"units", "32-bit words multiplied in a cycle", 1, 1, 1e9},
    {"words_per_cycle", "32-bit words read and written in a cycle", 1, 1e-6, 1e9},
};

class PackedWord : public LayerModel {
 public:
  explicit PackedWord(const Parameters& p)
      : mhz_(p.Number("mhz")),
        units_(p.Number("units")),
        words_per_cycle_(p.Number("words_per_cycle")) {}

  Cost Layer(const LayerView& view) const override {
    Cost cost;
    if (view.layer().macs == 0) return cost;
    cost[Quantity::kLatencyNs] = std::max(Compute(view), Traffic(view)) / mhz_ * 1e3;
    return cost;
  }

  Breakdown Explain(const LayerView& view) const override {
    if (view.layer().macs == 0) return {};
    return {{"lanes", Lanes(std::max(view.operands.input.bits(), view.operands.weight.bits()))},
            {"compute_cycles", Compute(view)},
            {"traffic_cycles", Traffic(view)}};
  }

 private:
  static double Lanes(int bits) { return std::max(1, 32 / bits); }

  double Compute(const LayerView& view) const {
    const int bits = std::max(view.operands.input.bits(), view.operands.weight.bits());
    return static_cast<double>(view.layer().macs) / (units_ * Lanes(bits));
  }
  double Traffic(const LayerView& view) const {
    const LayerWork& layer = view.layer();
    const auto words = [](std::int64_t elements, const Operand& operand) {
      return std::ceil(static_cast<double>(elements) / Lanes(operand.bits()));
    };
    return (words(layer.input_elements, view.operands.input) +
            words(layer.weight_elements, view.operands.weight) +
            words(layer.output_elements, view.operands.output)) /
           words_per_cycle_;
  }

  double mhz_, units_, words_per_cycle_;
};

Expected<std::unique_ptr<LayerModel>> Bind(const Parameters& parameters) {
  return std::make_unique<PackedWord>(parameters);
}

}  // namespace

BW_ENTRY(CostModel, packed_word) = {
    .name = "packed_word",
    .summary = "floor(32 / bits) numbers in a word, multiplied and moved together",
    .source =
        "bit packing of libnumber (PACT 2018); lanes, and the slower of work and traffic, are our "
        "interpretation",
    .gives = kGives,
    .parameters = kParameters,
    .bind = Bind};

}  // namespace bw::cost_models
