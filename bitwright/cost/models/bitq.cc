// BitQ's bitwidth-aware data movement (arXiv 2409.17093) over a hierarchy of memories.

#include <map>
#include <mutex>
#include <tuple>

#include "bitwright/cost/model.h"
#include "bitwright/cost/tiling.h"

namespace bw::cost_models {
namespace {

constexpr Quantity kGives[] = {Quantity::kEnergyPj, Quantity::kMovedBits};

constexpr ParameterRule kParameters[] = {
    {"capacity_bits", "bits of the first, the second and the shared cache", 3, 1},
    {"bandwidth", "relative, of the steps registers-first-second-shared cache-memory", 4, 1e-9},
    {"pj_per_bit", "energy of a bit moved by each of these steps", 4, 0},
    {"cores", "that share a layer", 1, 1, 1024},
};

class Bitq : public LayerModel {
 public:
  explicit Bitq(const MemoryHierarchy& memory) : memory_(memory) {}

  Cost Layer(const LayerView& view) const override {
    Cost cost;
    if (view.layer().macs == 0) return cost;
    const Movement movement = Find(view);
    double energy = 0, moved = 0;
    for (std::size_t step = 0; step < kMovements; ++step) {
      energy += movement.bits[step] * memory_.pj_per_bit[step];
      moved += movement.bits[step] / (step < 3 ? static_cast<double>(memory_.cores) : 1);
    }
    cost[Quantity::kEnergyPj] = energy;
    cost[Quantity::kMovedBits] = moved;
    return cost;
  }

  Breakdown Explain(const LayerView& view) const override {
    if (view.layer().macs == 0) return {};
    const Movement m = Find(view);
    return {{"register_bits", m.bits[0]},
            {"first_cache_bits", m.bits[1]},
            {"second_cache_bits", m.bits[2]},
            {"memory_bits", m.bits[3]},
            {"fits", m.fits ? 1 : 0}};
  }

 private:
  Movement Find(const LayerView& view) const {
    const Extents& extents = view.layer().extents;
    const ElementBits bits = {view.operands.input.stored_bits, view.operands.weight.stored_bits,
                              view.operands.output.stored_bits};
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = movements_.try_emplace({extents, bits});
    if (!is_new) return found->second;
    const auto tilings = tilings_.find(extents);
    const Tilings& those = tilings != tilings_.end()
                               ? tilings->second
                               : tilings_.emplace(extents, Tilings(extents, memory_)).first->second;
    found->second = those.Best(bits);
    return found->second;
  }

  MemoryHierarchy memory_;
  mutable std::mutex mutex_;
  mutable std::map<Extents, Tilings> tilings_;
  mutable std::map<std::pair<Extents, ElementBits>, Movement> movements_;
};

template <std::size_t kCount>
void Copy(std::span<const double> from, std::array<double, kCount>& to) {
  std::copy_n(from.begin(), kCount, to.begin());
}

Expected<std::unique_ptr<LayerModel>> Bind(const Parameters& parameters) {
  MemoryHierarchy memory;
  Copy(parameters.List("capacity_bits"), memory.capacity_bits);
  Copy(parameters.List("bandwidth"), memory.bandwidth);
  Copy(parameters.List("pj_per_bit"), memory.pj_per_bit);
  memory.cores = static_cast<std::int64_t>(parameters.Number("cores"));
  return std::make_unique<Bitq>(memory);
}

}  // namespace

BW_ENTRY(CostModel, bitq) = {
    .name = "bitq",
    .summary = "bits moved through a hierarchy of memories by the best tiling, and their energy",
    .source =
        "BitQ (arXiv 2409.17093) and the authors' code: its cost of tiles and loop orders; a "
        "discrete search in place of their solver, strides and per-core sums are our "
        "interpretation",
    .gives = kGives,
    .parameters = kParameters,
    .bind = Bind};

}  // namespace bw::cost_models
