#pragma once
// Data told apart by what they hold, not by what they are called.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/data/dataset.h"

namespace bw {

// 128 bits of XXH3 (Collet, 2019): for telling apart, not against forgers.
struct ContentHash {
  std::uint64_t high = 0, low = 0;
  friend auto operator<=>(const ContentHash&, const ContentHash&) = default;
  std::string Hex() const;  // 32 digits
};
ContentHash HashBytes(std::string_view bytes);
Expected<ContentHash> HashFile(const std::string& path);  // piece by piece

// Of each sample as the network is given it, preprocessed; without its label. Reads the whole set.
Expected<std::vector<ContentHash>> HashSamples(const Dataset& data, int threads);

// Of a set: its samples in their order, and their labels.
ContentHash HashSet(const Dataset& data, const std::vector<ContentHash>& samples);

// How many of `samples` are also among `others`.
std::size_t CountShared(const std::vector<ContentHash>& samples,
                        const std::vector<ContentHash>& others);

}  // namespace bw
