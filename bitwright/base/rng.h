#pragma once
// Counter-based random numbers: a value depends on (seed, index) alone, never on the thread that
// asks.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

namespace bw {

// SplitMix64's finalizer (Steele, Lea, Flood, OOPSLA 2014) over seed and index: 64 well-mixed bits.
constexpr std::uint64_t RandomBits(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z =
      (seed + 0x632be59bd9b4e019ULL) * 0xd1342543de82ef95ULL + index * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// A stream of numbers over RandomBits; cheap to copy.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t Bits() { return RandomBits(seed_, index_++); }
  // Uniform in [0, 1), 53 bits.
  double Uniform() { return static_cast<double>(Bits() >> 11) * 0x1.0p-53; }
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  // Uniform in [0, n), n > 0; bias below 2^-40 for n < 2^24.
  std::uint64_t Below(std::uint64_t n) {
    return static_cast<std::uint64_t>(Uniform() * static_cast<double>(n));
  }
  // Standard normal (Box-Muller).
  double Normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * Uniform());
  }
  // Fisher-Yates.
  template <typename T>
  void Shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[static_cast<std::size_t>(Below(i))]);
    }
  }

 private:
  std::uint64_t seed_;
  std::uint64_t index_ = 0;
};

}  // namespace bw
