// ESB's distribution difference aligner (arXiv 2109.03513, section 3): scale = alpha * std, where
// alpha minimises the expected squared error of the format on a standard normal; here for any
// element format, by exact integration. For tensors without negative values the root mean square
// stands for the standard deviation and the half normal for the normal (our interpretation; the
// optimum is the same alpha).

#include <cmath>
#include <map>
#include <mutex>

#include "bitwright/numerics/ideal_error.h"
#include "bitwright/quant/scale_method.h"

namespace bw::scales {
namespace {

double CachedAlpha(const Format& element) {
  static std::mutex mutex;
  static std::map<std::string, double> cache;
  const std::scoped_lock lock(mutex);
  const auto found = cache.find(element.name());
  return found != cache.end()
             ? found->second
             : cache[element.name()] = FindIdealScale(element, Bell::kNormal).scale;
}

Expected<Scale> Choose(const ScaleInput& input, double) {
  if (!input.spec->symmetric)
    return FailUsage("scale method 'dda' has no asymmetric form; use mse, max or percentile");
  if (input.spec->element.values().empty() || input.spec->element.bits() > 12) {
    return FailUsage("scale method 'dda' is for formats of at most 12 bits, '{}' has {}; use mse",
                     input.spec->element.name(), input.spec->element.bits());
  }
  double sum = 0, squares = 0;
  for (const float x : input.values) {
    sum += x;
    squares += static_cast<double>(x) * x;
  }
  const auto n = static_cast<double>(input.values.size());
  const double mean = input.spec->element.info().is_signed ? sum / n : 0.0;
  const double deviation = std::sqrt(std::max(0.0, squares / n - mean * mean));
  if (deviation == 0) return ScaleForRange(input.min, input.max, *input.spec);
  return Scale{CachedAlpha(input.spec->element) * deviation, 0};
}

}  // namespace

BW_ENTRY(ScaleMethod, dda) = {
    "dda", "ESB's distribution aligner: a multiple of the standard deviation", Choose};

}  // namespace bw::scales
