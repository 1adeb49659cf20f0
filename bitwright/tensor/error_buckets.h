#pragma once
// Values sorted into buckets of neighbours, with running sums: what a scale search reads instead of
// the values.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bitwright/numerics/format.h"
#include "bitwright/tensor/scale_error.h"

namespace bw {

// Of one sign, a bucket holds the magnitudes of one exponent and one prefix of the fraction; what
// is left of a magnitude's bits is its offset, an integer. Let v_0 be the value that 0 rounds to
// and v_1, v_2... those further out, with T_k the threshold from v_(k-1) to v_k. Then
//   sum (x - v(x))^2 = sum (x - v_0)^2 - sum_k 2 |v_k - v_(k-1)| sum_(|x| beyond T_k) (|x| - m_k),
// m_k = |v_(k-1) + v_k| / 2: a threshold costs one look at the running sums and one bucket's
// offsets, and what lies beyond the greatest value costs nothing.
class ErrorBuckets {
 public:
  // Values that are not finite are left out.
  explicit ErrorBuckets(const ErrorTerms& terms);

  // The sum of w (x - rounded x)^2 for a format of at most 16 bits.
  double Error(const Format& format, float scale, std::int32_t zero) const;

 private:
  struct Sums {
    double weight = 0, magnitude = 0;  // sums of w and w |x|
  };
  // The values of one sign, by key: the bits of the magnitude but for the offset's.
  struct Side {
    std::size_t first_key = 0;
    std::vector<std::uint32_t> begins;  // in offsets_; one more than buckets
    std::vector<Sums> from;             // of this bucket and all greater ones; as many
  };
  // A threshold: the magnitude of its ratio to the scale, and whether that very ratio lies beyond.
  struct Bound {
    double ratio;
    bool included;
  };

  void Scatter(const ErrorTerms& terms);
  void SumUp(Side& side) const;
  // Of the offsets from `from` on.
  Sums InBucket(const Side& side, std::size_t bucket, int from) const;
  Sums Beyond(const Side& side, const Bound& bound, float scale) const;

  std::unique_ptr<std::uint16_t[]> offsets_;
  std::unique_ptr<float[]> weights_;  // by offset; none: all 1
  Side sides_[2];                     // of positive and negative sign
  double squares_ = 0;                // the sum of w x^2
};

}  // namespace bw
