#pragma once
// What a network can cost, and how the costs of its layers combine.

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "bitwright/base/error.h"

namespace bw {

enum class Quantity {
  kBytes,            // kWeightBytes + kActivationBytes
  kWeightBytes,      // on disk: codes, scales, tables, float constants
  kActivationBytes,  // all stored activations of one sample
  kPeakBytes,        // of activations alive at one time, one sample
  kBitOps,           // multiply-accumulates x bits of one factor x bits of the other
  kLatencyNs,        // of one sample
  kEnergyPj,         // of one sample
  kLuts,             // look-up tables of an FPGA
  kDsps,             // its multipliers
  kBrams,            // its memories, of 18 Kbit
  kMovedBits,        // between memories, for one sample
};
inline constexpr std::size_t kQuantityCount = 11;

enum class CombineRule { kSum, kMax };

struct QuantityInfo {
  Quantity quantity;
  std::string_view name;  // as in objectives: "latency_ns"
  std::string_view meaning;
  CombineRule combine;  // the network's from its layers'
};
std::span<const QuantityInfo> Quantities();  // in the order of the enumeration
const QuantityInfo& InfoOf(Quantity quantity);

// By name; an error names the nearest.
Expected<Quantity> ParseQuantity(std::string_view name);

// What a model says, by quantity; the rest is absent.
class Cost {
 public:
  std::optional<double>& operator[](Quantity q) { return items_[static_cast<std::size_t>(q)]; }
  const std::optional<double>& operator[](Quantity q) const {
    return items_[static_cast<std::size_t>(q)];
  }
  // Adds a layer to a network, each quantity by its rule.
  void Combine(const Cost& layer);
  // Takes over what the other cost says.
  void Merge(const Cost& other);

  friend bool operator==(const Cost&, const Cost&) = default;

 private:
  std::array<std::optional<double>, kQuantityCount> items_;
};

}  // namespace bw
