#include <algorithm>
#include <cmath>
#include <vector>

#include "bitwright/quant/scale_method.h"

namespace bw::scales {
namespace {

Expected<Scale> Choose(const ScaleInput& input, double parameter) {
  const double percent = std::isnan(parameter) ? 99.9 : parameter;
  if (!(percent > 0 && percent <= 100))
    return FailUsage("percentile is {}, above 0 and at most 100 is needed", percent);
  std::vector<float> sorted(input.values.begin(), input.values.end());
  std::sort(sorted.begin(), sorted.end());
  const auto last = static_cast<double>(sorted.size() - 1);
  const auto at = [&](double rank) {
    return static_cast<double>(sorted[static_cast<std::size_t>(rank)]);
  };
  const double low = std::min(0.0, at(std::floor((100 - percent) / 100 * last)));
  const double high = std::max(0.0, at(std::ceil(percent / 100 * last)));
  const bool degenerate = low == 0 && high == 0;
  return degenerate ? ScaleForRange(input.min, input.max, *input.spec)
                    : ScaleForRange(low, high, *input.spec);
}

}  // namespace

BW_ENTRY(ScaleMethod, percentile) = {
    "percentile",
    "like max, with the outermost values clipped: percentile=99.9 keeps that share on each side",
    Choose};

}  // namespace bw::scales
