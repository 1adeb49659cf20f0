#include "bitwright/quant/fit_spec.h"

namespace bw {

Expected<ReadySpec> ReadySpecFor(std::span<const float> values, const Grouping& grouping,
                                 const QuantSpec& spec, std::string_view method) {
  BW_ASSIGN(QuantParams params, ChooseScales(values, grouping, spec, method));
  ReadySpec ready{spec, std::move(params)};
  if (!spec.element.info().fitted_from_data) return ready;
  if (ready.params.scales.size() == 1) {  // the table needs no scale
    ready.params.scales[0] = ready.params.tensor_scale = 1;
  }
  std::vector<float> ratios(values.size()), weights(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto group = static_cast<std::size_t>(grouping.GroupOf(static_cast<std::int64_t>(i)));
    const float scale = ready.params.scales[group];
    ratios[i] = values[i] / scale;
    weights[i] = scale * scale;
  }
  BW_ASSIGN(ready.spec.element, FitFormat(spec.element, ratios, weights));
  return ready;
}

bool IsFitted(const Format& format) { return format.name().find('[') != std::string::npos; }

std::int64_t TableBytes(const Format& format) {
  const bool stored = IsFitted(format) || format.info().fitted_from_data;
  return stored ? std::int64_t{4} << format.bits() : 0;
}

}  // namespace bw
