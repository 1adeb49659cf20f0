#pragma once
// Values sorted into buckets of neighbours, with the moments of each: what a scale search reads
// instead of the values.

#include <cstdint>
#include <memory>
#include <vector>

#include "bitwright/tensor/code_kernels.h"
#include "bitwright/tensor/scale_error.h"
#include "bitwright/tensor/squares.h"

namespace bw {

// A bucket holds the values of one sign, one exponent and one prefix of the fraction. Where its
// least and greatest possible value round to one value v, rounding being monotone, all of it does,
// and the sum of its w (x - v)^2 follows from its moments about its middle c:
//   sum w (x - c)^2 + 2 (c - v) sum w (x - c) + (c - v)^2 sum w.
// The others are summed element by element.
class ErrorBuckets {
 public:
  // Values that are not finite are left out.
  explicit ErrorBuckets(const ErrorTerms& terms);

  // The sum of w (x - rounded x)^2.
  double Error(const RoundFunction& round, float scale, std::int32_t zero) const;

 private:
  void Scatter(const ErrorTerms& terms);
  // The error of the buckets whose bit is set, element by element.
  double Direct(std::span<const std::uint64_t> buckets, const RoundFunction& round, float scale,
                std::int32_t zero) const;

  std::unique_ptr<float[]> values_, weights_;  // by bucket; no weights: all 1
  // Of the buckets that are not empty: where their values begin (and the end of the last), their
  // least and greatest possible value, and their moments about their middle.
  std::vector<std::size_t> begins_;
  std::vector<float> least_, greatest_;
  MomentsTable moments_;
};

}  // namespace bw
