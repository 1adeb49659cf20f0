#include "bitwright/quant/scale_method.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "bitwright/base/text.h"
#include "bitwright/tensor/scale_error.h"

namespace bw {
namespace {

struct ChosenMethod {
  const ScaleMethod* method = nullptr;
  double parameter = std::numeric_limits<double>::quiet_NaN();
};

Expected<ChosenMethod> FindMethod(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  ChosenMethod chosen;
  std::vector<std::string> names;
  for (const ScaleMethod* method : scales::All()) {
    names.emplace_back(method->name);
    if (method->name == name) chosen.method = method;
  }
  if (chosen.method == nullptr) {
    return FailUsage("unknown scale method '{}'; nearest is '{}' (known: {})", name,
                     Nearest(name, names), fmt::join(names, ", "));
  }
  if (equals == std::string_view::npos) return chosen;
  const std::string parameter(text.substr(equals + 1));
  char* end = nullptr;
  chosen.parameter = std::strtod(parameter.c_str(), &end);
  if (parameter.empty() || *end != '\0') {
    return FailUsage("scale method '{}': '{}' is no number", text, parameter);
  }
  return chosen;
}

Expected<Scale> Choose(const ChosenMethod& chosen, const ScaleInput& input) {
  if (input.min == 0 && input.max == 0) return Scale{RoundScale(1, input.spec->scale), 0};
  BW_ASSIGN(Scale scale, chosen.method->choose(input, chosen.parameter));
  scale.scale = RoundScale(scale.scale, input.spec->scale);
  return scale;
}

}  // namespace

Scale ScaleForRange(double low, double high, const QuantSpec& spec) {
  const FormatInfo& info = spec.element.info();
  if (spec.symmetric) {
    const double up = high > 0 ? high / info.max : 0;
    const double down = low < 0 && info.min < 0 ? low / info.min : 0;
    return {std::max(up, down), 0};
  }
  low = std::min(low, 0.0);
  high = std::max(high, 0.0);
  const double scale = (high - low) / (info.max - info.min);
  const double zero = std::clamp(std::nearbyint(info.min - low / scale), info.min, info.max);
  return {scale, static_cast<std::int32_t>(zero)};
}

Expected<QuantParams> ChooseScale(const ScaleInput& input, std::string_view method) {
  BW_ASSIGN(const ChosenMethod chosen, FindMethod(method));
  BW_ASSIGN(const Scale scale, Choose(chosen, input));
  QuantParams params{{static_cast<float>(scale.scale)}, {}};
  if (!input.spec->symmetric) params.zeros = {scale.zero};
  return params;
}

Expected<QuantParams> ChooseScales(std::span<const float> values, const Grouping& grouping,
                                   const QuantSpec& spec, std::string_view method) {
  BW_ASSIGN(const ChosenMethod chosen, FindMethod(method));
  const auto groups = static_cast<std::size_t>(grouping.groups());
  std::vector<std::vector<float>> members(groups);
  for (std::size_t i = 0; i < values.size(); ++i) {
    members[static_cast<std::size_t>(grouping.GroupOf(static_cast<std::int64_t>(i)))].push_back(
        values[i]);
  }
  QuantParams params;
  for (const std::vector<float>& group : members) {
    const auto [low, high] = std::minmax_element(group.begin(), group.end());
    const ScaleInput input{group, group.empty() ? 0 : *low, group.empty() ? 0 : *high, &spec};
    BW_ASSIGN(const Scale scale, Choose(chosen, input));
    params.scales.push_back(static_cast<float>(scale.scale));
    if (!spec.symmetric) params.zeros.push_back(scale.zero);
  }
  return params;
}

}  // namespace bw
