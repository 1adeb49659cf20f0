// FINN-R's dataflow pipeline (arXiv 1809.04570): a matrix-vector unit of PE x SIMD lanes for each
// layer, its weights in block memories.

#include <algorithm>
#include <cmath>
#include <vector>

#include "bitwright/cost/model.h"

namespace bw::cost_models {
namespace {

constexpr Quantity kGives[] = {Quantity::kLatencyNs, Quantity::kLuts, Quantity::kDsps,
                               Quantity::kBrams};

constexpr ParameterRule kParameters[] = {
    {"mhz", "clock", 1, 1, 10000},
    {"samples_per_second", "that every layer's unit keeps up with", 1, 1e-6, 1e9},
    {"unit_luts", "of a unit of no lanes (the formula's c0)", 1, 0, 1e6},
    {"bit_product_luts", "for a bit of the weight times a bit of the input (c1)", 1, 0, 1e3},
    {"dsp_bits", "bits of weight and input together from which a lane is a DSP", 1, 2, 1000},
};

// Lanes: rows and columns of the weight matrix that are worked on in a cycle; divisors of both.
struct Folding {
  std::int64_t elements = 1, inputs = 1;  // PE, SIMD
  double cycles = 1;
};

std::vector<std::int64_t> Divisors(std::int64_t n) {
  std::vector<std::int64_t> divisors;
  for (std::int64_t d = 1; d * d <= n; ++d) {
    if (n % d != 0) continue;
    divisors.push_back(d);
    if (d * d != n) divisors.push_back(n / d);
  }
  std::sort(divisors.begin(), divisors.end());
  return divisors;
}

// Block memories of 18 Kbit for `words` of `width` bits, by the shapes that one can take.
double BlockMemories(double words, double width) {
  const auto blocks = [&](double depth, double bits) {
    return std::ceil(words / depth) * std::ceil(width / bits);
  };
  if (width <= 1) return blocks(16384, 1);
  if (width <= 2) return blocks(8192, 2);
  if (width <= 4) return blocks(4096, 4);
  if (width <= 9) return blocks(2048, 9);
  if (width <= 18 || words > 512) return blocks(1024, 18);
  return blocks(512, 36);
}

class Finnr : public LayerModel {
 public:
  explicit Finnr(const Parameters& p)
      : mhz_(p.Number("mhz")),
        cycles_(mhz_ * 1e6 / p.Number("samples_per_second")),
        unit_luts_(p.Number("unit_luts")),
        bit_product_luts_(p.Number("bit_product_luts")),
        dsp_bits_(p.Number("dsp_bits")) {}

  Cost Layer(const LayerView& view) const override {
    Cost cost;
    if (view.layer().macs == 0) return cost;
    const Folding folding = Fold(view.layer().extents);
    const auto lanes = static_cast<double>(folding.elements * folding.inputs);
    const double weight = view.operands.weight.bits(), input = view.operands.input.bits();
    const bool dsp = weight + input >= dsp_bits_;
    // A DSP multiplies and a lane's tables add.
    const double lane_luts = bit_product_luts_ * (dsp ? weight + input : weight * input);
    cost[Quantity::kLatencyNs] = folding.cycles / mhz_ * 1e3;
    cost[Quantity::kLuts] = unit_luts_ + lanes * lane_luts;
    cost[Quantity::kDsps] = dsp ? lanes * std::ceil((weight + input) / 48) : 0;
    cost[Quantity::kBrams] = WeightMemories(view, folding) + LineMemories(view, folding);
    return cost;
  }

  Breakdown Explain(const LayerView& view) const override {
    if (view.layer().macs == 0) return {};
    const Folding folding = Fold(view.layer().extents);
    return {{"pe", static_cast<double>(folding.elements)},
            {"simd", static_cast<double>(folding.inputs)},
            {"cycles", folding.cycles},
            {"weight_brams", WeightMemories(view, folding)},
            {"line_brams", LineMemories(view, folding)}};
  }

 private:
  static std::int64_t MatrixRows(const Extents& e) { return e.groups * e.filters; }
  static std::int64_t MatrixColumns(const Extents& e) {
    return e.channels * e.kernel_rows * e.kernel_columns;
  }

  // The fewest lanes that keep up; of as many, those of the most inputs. All lanes where none do.
  Folding Fold(const Extents& e) const {
    const std::int64_t rows = MatrixRows(e), columns = MatrixColumns(e);
    const auto pixels = static_cast<double>(e.rows * e.columns);
    Folding best{rows, columns, pixels};
    for (const std::int64_t pe : Divisors(rows)) {
      for (const std::int64_t simd : Divisors(columns)) {
        const double cycles = pixels * static_cast<double>((rows / pe) * (columns / simd));
        const std::int64_t lanes = pe * simd, fewest = best.elements * best.inputs;
        if (cycles > cycles_ || lanes > fewest || (lanes == fewest && simd <= best.inputs))
          continue;
        best = {pe, simd, cycles};
      }
    }
    return best;
  }

  static double WeightMemories(const LayerView& view, const Folding& folding) {
    const Extents& e = view.layer().extents;
    const auto lanes = static_cast<double>(folding.elements * folding.inputs);
    const double words = static_cast<double>(MatrixRows(e) * MatrixColumns(e)) / lanes;
    return BlockMemories(words, lanes * view.operands.weight.bits());
  }

  // The rows of the input under the kernel, and those that come next.
  static double LineMemories(const LayerView& view, const Folding& folding) {
    const Extents& e = view.layer().extents;
    if (e.kernel_rows * e.kernel_columns == 1) return 0;
    const auto width = static_cast<double>(std::min(folding.inputs, e.channels));
    const auto elements = static_cast<double>((e.kernel_rows + e.row_stride) * e.columns *
                                              e.column_stride * e.groups * e.channels);
    return BlockMemories(elements / width, width * view.operands.input.bits());
  }

  double mhz_, cycles_, unit_luts_, bit_product_luts_, dsp_bits_;
};

Expected<std::unique_ptr<LayerModel>> Bind(const Parameters& parameters) {
  return std::make_unique<Finnr>(parameters);
}

}  // namespace

BW_ENTRY(CostModel, finnr) = {
    .name = "finnr",
    .summary = "a dataflow pipeline: LUTs, DSPs and block memories of each layer's unit",
    .source =
        "FINN-R (arXiv 1809.04570): LUTs = c0 + c1 * PE * SIMD * weight bits * input bits and the "
        "shapes of block memories as in the FINN compiler's estimates; the choice of lanes, DSPs "
        "and line buffers are our interpretation",
    .gives = kGives,
    .parameters = kParameters,
    .bind = Bind};

}  // namespace bw::cost_models
