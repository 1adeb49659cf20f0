// DyBit's systolic array of mixed precision (arXiv 2302.12510): narrow operands split its
// multipliers into more rows and columns.

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "bitwright/cost/model.h"

namespace bw::cost_models {
namespace {

constexpr Quantity kGives[] = {Quantity::kLatencyNs};

constexpr ParameterRule kParameters[] = {
    {"mhz", "clock", 1, 1, 10000},
    {"rows", "of the array at 8 bits: output pixels", 1, 1, 1e6},
    {"columns", "of the array at 8 bits: output channels", 1, 1, 1e6},
    {"widths", "bits that an operand is widened to, ascending", 0, 1, 16},
    {"bytes_per_cycle", "of each of the three streams: weights, inputs, outputs", 1, 1e-3, 1e6},
    {"buffer_bytes", "on the chip, half of it for the tile in work", 1, 1, 1e12},
    {"float32_factor", "cycles of float32, and of all that is wider than widths, for one of 8 bits",
     1, 1, 1e3},
};

// Cycles of one layer or tile.
struct Cycles {
  double compute = 0, load = 0, store = 0, total = 0;
};

// Output channels and rows of a tile; whole rows of pixels, all input channels.
struct Block {
  std::int64_t filters, rows;
};

class Dybit : public LayerModel {
 public:
  explicit Dybit(const Parameters& p)
      : mhz_(p.Number("mhz")),
        rows_(p.Number("rows")),
        columns_(p.Number("columns")),
        widths_(p.List("widths").begin(), p.List("widths").end()),
        bytes_per_cycle_(p.Number("bytes_per_cycle")),
        buffer_bits_(4 * p.Number("buffer_bytes")),
        float32_factor_(p.Number("float32_factor")) {}

  Cost Layer(const LayerView& view) const override {
    Cost cost;
    if (view.layer().macs == 0) return cost;
    cost[Quantity::kLatencyNs] = Best(view).total / mhz_ * 1e3;
    return cost;
  }

  Breakdown Explain(const LayerView& view) const override {
    if (view.layer().macs == 0) return {};
    const Cycles cycles = Best(view);
    return {{"compute_cycles", cycles.compute},
            {"load_cycles", cycles.load},
            {"store_cycles", cycles.store},
            {"cycles", cycles.total}};
  }

 private:
  // Bits of an operand in the array; its own where it is too wide for it.
  double Width(const Operand& operand) const {
    const auto fits = std::lower_bound(widths_.begin(), widths_.end(), operand.bits());
    return fits == widths_.end() ? operand.bits() : *fits;
  }

  static bool IsChannelwise(const Extents& e) { return e.channels == 1 && e.filters == 1; }

  double ComputeCycles(const LayerView& view, const Block& block) const {
    const Extents& e = view.layer().extents;
    const double input = Width(view.operands.input), weight = Width(view.operands.weight);
    const bool is_float = std::max(input, weight) > widths_.back();
    const double rows = is_float ? rows_ : rows_ * 8 / input;
    const double columns = is_float ? columns_ : columns_ * 8 / weight;
    const auto taps = static_cast<double>(e.kernel_rows * e.kernel_columns);
    const double pixels = std::ceil(static_cast<double>(block.rows * e.columns) / rows);
    const double passes = IsChannelwise(e)
                              ? std::ceil(static_cast<double>(e.groups) / columns) * taps
                              : static_cast<double>(e.groups * e.channels) * taps *
                                    std::ceil(static_cast<double>(block.filters) / columns);
    return passes * pixels * (is_float ? float32_factor_ : 1);
  }

  double StreamCycles(double bits) const {
    const double cycles = std::ceil(bits / 8 / bytes_per_cycle_);
    return cycles < 16 ? cycles * 1.2 : cycles;  // short bursts, as in the authors' code
  }

  double WeightBits(const LayerView& view, const Block& block) const {
    const Extents& e = view.layer().extents;
    return Width(view.operands.weight) * static_cast<double>(e.groups * block.filters * e.channels *
                                                             e.kernel_rows * e.kernel_columns);
  }
  double InputBits(const LayerView& view, const Block& block) const {
    const Extents& e = view.layer().extents;
    const std::int64_t rows = (block.rows - 1) * e.row_stride + e.kernel_rows;
    const std::int64_t columns = (e.columns - 1) * e.column_stride + e.kernel_columns;
    return Width(view.operands.input) * static_cast<double>(e.groups * e.channels * rows * columns);
  }
  double OutputBits(const LayerView& view, const Block& block) const {
    const Extents& e = view.layer().extents;
    return Width(view.operands.output) *
           static_cast<double>(e.groups * block.filters * block.rows * e.columns);
  }

  Cycles OfTile(const LayerView& view, const Block& block) const {
    Cycles cycles;
    cycles.compute = ComputeCycles(view, block);
    cycles.load = StreamCycles(std::max(WeightBits(view, block), InputBits(view, block)));
    cycles.store = StreamCycles(OutputBits(view, block));
    cycles.total = std::max({cycles.compute, cycles.load, cycles.store});
    return cycles;
  }

  bool Fits(const LayerView& view, const Block& block) const {
    return WeightBits(view, block) + InputBits(view, block) + OutputBits(view, block) <=
           buffer_bits_;
  }

  // All tiles of a layer, those at the edges smaller; loading, computing and storing overlap.
  Cycles OfLayer(const LayerView& view, const Block& block) const {
    const Extents& e = view.layer().extents;
    Cycles sum;
    for (const std::int64_t filters : {block.filters, e.filters % block.filters}) {
      for (const std::int64_t rows : {block.rows, e.rows % block.rows}) {
        if (filters == 0 || rows == 0) continue;
        const std::int64_t across = filters == block.filters ? e.filters / filters : 1;
        const std::int64_t down = rows == block.rows ? e.rows / rows : 1;
        const auto times = static_cast<double>(across * down);
        const Cycles one = OfTile(view, {filters, rows});
        sum.compute += times * one.compute;
        sum.load += times * one.load;
        sum.store += times * one.store;
        sum.total += times * one.total;
      }
    }
    return sum;
  }

  static std::vector<std::int64_t> Halves(std::int64_t whole) {
    std::vector<std::int64_t> sizes = {whole};
    while (sizes.back() > 1) sizes.push_back((sizes.back() + 1) / 2);
    return sizes;
  }

  // The fastest of the tiles that fit the buffer; the smallest where none does.
  Cycles Best(const LayerView& view) const {
    const Extents& e = view.layer().extents;
    Cycles best = OfLayer(view, {1, 1});
    for (const std::int64_t filters : Halves(e.filters)) {
      for (const std::int64_t rows : Halves(e.rows)) {
        if (!Fits(view, {filters, rows})) continue;
        const Cycles cycles = OfLayer(view, {filters, rows});
        if (cycles.total < best.total) best = cycles;
      }
    }
    return best;
  }

  double mhz_, rows_, columns_;
  std::vector<double> widths_;
  double bytes_per_cycle_, buffer_bits_, float32_factor_;
};

Expected<std::unique_ptr<LayerModel>> Bind(const Parameters& parameters) {
  const auto widths = parameters.List("widths");
  if (!std::is_sorted(widths.begin(), widths.end()))
    return Fail("parameter 'widths' is not ascending: {}", fmt::join(widths, ", "));
  return std::make_unique<Dybit>(parameters);
}

}  // namespace

BW_ENTRY(CostModel, dybit) = {
    .name = "dybit",
    .summary = "cycles of a systolic array whose multipliers split for 4 and 2 bits",
    .source =
        "cycles of tiles by the code of DyBit's authors (arXiv 2302.12510); rows x 8/input bits "
        "and columns x 8/weight bits, and the choice of tiles, are our interpretation",
    .gives = kGives,
    .parameters = kParameters,
    .bind = Bind};

}  // namespace bw::cost_models
