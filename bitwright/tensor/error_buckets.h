#pragma once
// Values sorted into buckets of neighbours, with the moments of each: what a scale search reads
// instead of the values.

#include <cstdint>
#include <vector>

#include "bitwright/tensor/code_kernels.h"
#include "bitwright/tensor/scale_error.h"

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
  struct Bucket {
    std::size_t begin = 0, end = 0;  // in values_
    double middle = 0;
    double weight = 0, first = 0, second = 0;  // sums of w, w (x - c), w (x - c)^2
  };
  void Scatter(const ErrorTerms& terms);
  void Measure(Bucket& bucket) const;
  double Direct(const Bucket& bucket, const RoundFunction& round, float scale,
                std::int32_t zero) const;

  std::vector<float> values_, weights_;  // by bucket
  std::vector<Bucket> buckets_;          // those that are not empty
  std::vector<float> ends_;              // the least and the greatest possible value of each
};

}  // namespace bw
