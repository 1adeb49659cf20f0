#pragma once
// How one format rounds a ratio y = x / scale, prepared for fast loops and proved equal to
// Format::Round when built.

#include <cstdint>
#include <span>
#include <vector>

#include "bitwright/numerics/format.h"

namespace bw {

struct RoundTable {
  // kUniform: the nearest multiple of one quantum.
  // kGrid: the quantum is proportional to 2^exponent(y), as in floating point.
  // kExponents: each exponent of y has its own quantum, as in DyBit and powers of two.
  // kBuckets: exponent and leading fraction bits of y select a bucket of at most one threshold;
  // works for any format.
  enum class Kind : std::uint8_t { kUniform, kGrid, kExponents, kBuckets };
  // y >= threshold rounds to `above`, else to `below`.
  struct Bucket {
    double threshold;
    float below, above;
  };

  Kind kind = Kind::kUniform;
  double low = 0, high = 0;  // y is clamped to these, the least and greatest value
  double nan_value = 0;      // stands in for NaN
  // All but kBuckets: (y + magic) - magic rounds to the quantum q = magic / (1.5 * 2^52), halves to
  // the even multiple. magic = magic_factor (kUniform), magic_factor * p (kGrid), magics[log2(p /
  // least_power)] (kExponents), where p = max(2^exponent(y), least_power).
  double magic_factor = 0;
  double least_power = 0;
  // An odd last bit of a magic is no part of it but says that a half goes down: one ulp is taken
  // off |y| first.
  std::vector<double> magics;
  // kBuckets: bucket number = clamp(bits of |y| >> shift, first_key, last_key) - first_key,
  // negative y from the middle.
  int shift = 0;
  std::int64_t first_key = 0, last_key = 0;
  std::vector<Bucket> buckets;
};

// The table of a format, built at the first call and kept; thread-safe.
const RoundTable& RoundTableOf(const Format& format);

// The same by buckets.
RoundTable BucketTable(const Format& format);

// out[i] = scale[i*step] * float(Round(x[i] / scale[i*step] + zero) - zero), ratio and rounding in
// double as the law of qtensor.h; `zero` other than 0 is for integer elements only, where it is
// added after rounding to an integer. x and out may be the same. step is 0 (one scale) or 1.
void RoundValues(const RoundTable& table, std::span<const float> x, const float* scale,
                 std::size_t step, std::int32_t zero, float* out);

}  // namespace bw
