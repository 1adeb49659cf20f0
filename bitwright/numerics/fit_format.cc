#include <algorithm>
#include <cmath>

#include "bitwright/base/check.h"
#include "bitwright/numerics/format.h"

namespace bw {
namespace {

Expected<void> CheckFinite(const Format& format, std::string_view what,
                           std::span<const float> numbers) {
  const auto bad = std::find_if(numbers.begin(), numbers.end(),
                                [](float number) { return !std::isfinite(number); });
  if (bad == numbers.end()) return {};
  return Fail("fit of '{}': {} {} is {}, allowed are finite ones", format.name(), what,
              bad - numbers.begin(), *bad);
}

Expected<void> CheckWeights(const Format& format, std::span<const float> weights) {
  BW_TRY(CheckFinite(format, "weight", weights));
  const auto [least, most] = std::minmax_element(weights.begin(), weights.end());
  if (*least >= 0 && *most > 0) return {};
  return Fail("fit of '{}': the weights reach from {} to {}, allowed are 0 and more, not all 0",
              format.name(), *least, *most);
}

}  // namespace

Expected<Format> FitFormat(const Format& unfitted, std::span<const float> values,
                           std::span<const float> weights) {
  if (!unfitted.info().fitted_from_data) return unfitted;
  const auto all = families::All();
  const auto family = std::find_if(all.begin(), all.end(), [&](const FormatFamily* candidate) {
    return candidate->name == unfitted.info().family;
  });
  BW_CHECK(family != all.end() && (*family)->fit != nullptr);
  BW_CHECK(weights.empty() || weights.size() == values.size());
  if (values.empty()) {
    return Fail("fit of '{}': no values, at least one is needed", unfitted.name());
  }
  BW_TRY(CheckFinite(unfitted, "value", values));
  std::vector<float> equal;
  if (weights.empty()) {
    equal.assign(values.size(), 1.0f);
    weights = equal;
  }
  BW_TRY(CheckWeights(unfitted, weights));
  BW_ASSIGN(const std::string name, (*family)->fit(unfitted.name(), values, weights));
  return Format::Parse(name);
}

}  // namespace bw
