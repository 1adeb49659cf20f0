// A bit-serial accelerator: an activation of p bits takes p cycles where one of 16 takes 16.

#include "bitwright/cost/model.h"

namespace bw::cost_models {
namespace {

constexpr Quantity kGives[] = {Quantity::kLatencyNs};

constexpr ParameterRule kParameters[] = {
    {"mhz", "clock", 1, 1, 10000},
    {"units", "multiply-accumulates in a cycle, of 16-bit activations", 1, 1, 1e9},
};

class BitSerial : public LayerModel {
 public:
  explicit BitSerial(const Parameters& p) : mhz_(p.Number("mhz")), units_(p.Number("units")) {}

  Cost Layer(const LayerView& view) const override {
    Cost cost;
    if (view.layer().macs == 0) return cost;
    cost[Quantity::kLatencyNs] =
        static_cast<double>(view.layer().macs) / units_ / SpeedUp(view) / mhz_ * 1e3;
    return cost;
  }

  Breakdown Explain(const LayerView& view) const override {
    if (view.layer().macs == 0) return {};
    return {{"speed_up", SpeedUp(view)}};
  }

 private:
  static double SpeedUp(const LayerView& view) { return 16.0 / view.operands.input.bits(); }

  double mhz_, units_;
};

Expected<std::unique_ptr<LayerModel>> Bind(const Parameters& parameters) {
  return std::make_unique<BitSerial>(parameters);
}

}  // namespace

BW_ENTRY(CostModel, bit_serial) = {
    .name = "bit_serial",
    .summary = "activations bit by bit: 16 / p times as fast as 16 bits, whatever the weights",
    .source =
        "libnumber (PACT 2018) after Stripes and DaDianNao: work / units, all units busy; float32 "
        "as 32 bits is our interpretation",
    .gives = kGives,
    .parameters = kParameters,
    .bind = Bind};

}  // namespace bw::cost_models
