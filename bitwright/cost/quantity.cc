#include "bitwright/cost/quantity.h"

#include <algorithm>
#include <string>
#include <vector>

#include "bitwright/base/text.h"

namespace bw {
namespace {

constexpr QuantityInfo kInfos[] = {
    {Quantity::kBytes, "bytes", "weights and activations as stored", CombineRule::kSum},
    {Quantity::kWeightBytes, "weight_bytes", "weights, scales, tables and float constants",
     CombineRule::kSum},
    {Quantity::kActivationBytes, "activation_bytes", "all stored activations of one sample",
     CombineRule::kSum},
    {Quantity::kPeakBytes, "peak_bytes", "activations alive at one time, of one sample",
     CombineRule::kMax},
    {Quantity::kBitOps, "bit_ops", "multiply-accumulates x bits x bits", CombineRule::kSum},
    {Quantity::kLatencyNs, "latency_ns", "time of one sample", CombineRule::kSum},
    {Quantity::kEnergyPj, "energy_pj", "energy of one sample", CombineRule::kSum},
    {Quantity::kLuts, "luts", "look-up tables", CombineRule::kSum},
    {Quantity::kDsps, "dsps", "multipliers of the FPGA", CombineRule::kSum},
    {Quantity::kBrams, "brams", "memories of 18 Kbit", CombineRule::kSum},
    {Quantity::kMovedBits, "moved_bits", "bits moved between memories", CombineRule::kSum},
};
static_assert(std::size(kInfos) == kQuantityCount);

}  // namespace

std::span<const QuantityInfo> Quantities() { return kInfos; }

const QuantityInfo& InfoOf(Quantity quantity) { return kInfos[static_cast<std::size_t>(quantity)]; }

Expected<Quantity> ParseQuantity(std::string_view name) {
  std::vector<std::string> names;
  for (const QuantityInfo& info : kInfos) {
    if (info.name == name) return info.quantity;
    names.emplace_back(info.name);
  }
  return FailUsage("unknown cost '{}'; nearest is '{}' ({})", name, Nearest(name, names),
                   fmt::join(names, ", "));
}

void Cost::Combine(const Cost& layer) {
  for (const QuantityInfo& info : kInfos) {
    const std::optional<double>& more = layer[info.quantity];
    if (!more) continue;
    std::optional<double>& total = (*this)[info.quantity];
    if (!total)
      total = more;
    else
      total = info.combine == CombineRule::kSum ? *total + *more : std::max(*total, *more);
  }
}

void Cost::Merge(const Cost& other) {
  for (const QuantityInfo& info : kInfos) {
    if (other[info.quantity]) (*this)[info.quantity] = other[info.quantity];
  }
}

}  // namespace bw
