// ESB's arithmetic in look-up tables (arXiv 2109.03513), one engine for each layer.

#include <algorithm>
#include <cmath>

#include "bitwright/cost/lut_arithmetic.h"
#include "bitwright/cost/model.h"

namespace bw::cost_models {
namespace {

constexpr Quantity kGives[] = {Quantity::kEnergyPj, Quantity::kLuts};

constexpr ParameterRule kParameters[] = {
    {"mhz", "clock", 1, 1, 10000},
    {"samples_per_second", "that every layer's engine keeps up with", 1, 1e-6, 1e9},
    {"lut_scale", "look-up tables in use for one of the formula", 1, 0.01, 100},
    {"float32_luts", "of a float32 multiply-accumulate, the most that any format needs", 1, 1, 1e6},
    {"pj_per_lut", "energy of a look-up table in one cycle", 1, 0, 1e6},
};

class Esb : public LayerModel {
 public:
  explicit Esb(const Parameters& p)
      : mhz_(p.Number("mhz")),
        samples_per_second_(p.Number("samples_per_second")),
        scale_(p.Number("lut_scale")),
        float32_luts_(p.Number("float32_luts")),
        pj_per_lut_(p.Number("pj_per_lut")) {}

  Cost Layer(const LayerView& view) const override {
    Cost cost;
    if (view.layer().macs == 0) return cost;
    const double luts = LutsOfAMac(view);
    cost[Quantity::kLuts] = Units(view) * luts;
    cost[Quantity::kEnergyPj] = static_cast<double>(view.layer().macs) * luts * pj_per_lut_;
    return cost;
  }

  Breakdown Explain(const LayerView& view) const override {
    if (view.layer().macs == 0) return {};
    const MacLuts luts = Formula(view);
    const double used = LutsOfAMac(view);
    return {{"mac_units", Units(view)},
            {"multiplier_luts", luts.multiplier},
            {"shifter_luts", luts.shifter},
            {"accumulator_luts", luts.accumulator},
            {"mac_luts", used},
            {"gops_per_kilolut", 2 * mhz_ / used}};
  }

 private:
  static MacLuts Formula(const LayerView& view) {
    const Extents& e = view.layer().extents;
    const auto terms = static_cast<double>(e.channels * e.kernel_rows * e.kernel_columns);
    return EsbMacLuts(MultiplierOperandOf(view.operands.input),
                      MultiplierOperandOf(view.operands.weight), terms);
  }
  double LutsOfAMac(const LayerView& view) const {
    return std::min(float32_luts_, scale_ * Formula(view).total());
  }
  // Multiply-accumulate units, each one a cycle.
  double Units(const LayerView& view) const {
    return std::ceil(static_cast<double>(view.layer().macs) * samples_per_second_ / (mhz_ * 1e6));
  }

  double mhz_, samples_per_second_, scale_, float32_luts_, pj_per_lut_;
};

Expected<std::unique_ptr<LayerModel>> Bind(const Parameters& parameters) {
  return std::make_unique<Esb>(parameters);
}

}  // namespace

BW_ENTRY(CostModel, esb) = {
    .name = "esb",
    .summary = "multipliers, shifters and accumulators of look-up tables, an engine for each layer",
    .source =
        "ESB (arXiv 2109.03513): significands are multiplied and the product shifted; the tables "
        "of each part, engines by the rate of samples and the energy are our interpretation, "
        "scaled to the paper's 10.95 GOPS per 1000 LUTs",
    .gives = kGives,
    .parameters = kParameters,
    .bind = Bind};

}  // namespace bw::cost_models
