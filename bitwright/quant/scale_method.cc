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

// 0 for a group of zeros: any scale will do.
Expected<Scale> Choose(const ChosenMethod& chosen, const ScaleInput& input) {
  if (input.min == 0 && input.max == 0) return Scale{0, 0};
  return chosen.method->choose(input, chosen.parameter);
}

// The scales in their format; of two levels, the largest becomes the format's greatest value.
QuantParams HoldScales(std::span<const Scale> wanted, const QuantSpec& spec) {
  QuantParams params;
  if (spec.two_level) {
    double largest = 0;
    for (const Scale& scale : wanted) largest = std::max(largest, scale.scale);
    const auto outer = static_cast<float>(largest / spec.scale.info().max);
    if (outer > 0) params.tensor_scale = outer;
  }
  const double outer = static_cast<double>(params.tensor_scale);
  for (const Scale& scale : wanted) {
    const double ratio = scale.scale > 0 ? scale.scale / outer : 1;
    params.scales.push_back(RoundScale(ratio, spec.scale) * params.tensor_scale);
    if (!spec.symmetric) params.zeros.push_back(scale.zero);
  }
  return params;
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
  return HoldScales({&scale, 1}, *input.spec);
}

Expected<QuantParams> ChooseScales(std::span<const float> values, const Grouping& grouping,
                                   const QuantSpec& spec, std::string_view method) {
  BW_ASSIGN(const ChosenMethod chosen, FindMethod(method));
  std::vector<std::vector<float>> members(static_cast<std::size_t>(grouping.groups()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    members[static_cast<std::size_t>(grouping.GroupOf(static_cast<std::int64_t>(i)))].push_back(
        values[i]);
  }
  std::vector<Scale> wanted;
  for (const std::vector<float>& group : members) {
    const auto [low, high] = std::minmax_element(group.begin(), group.end());
    const ScaleInput input{group, group.empty() ? 0 : *low, group.empty() ? 0 : *high, &spec};
    BW_ASSIGN(const Scale scale, Choose(chosen, input));
    wanted.push_back(scale);
  }
  return HoldScales(wanted, spec);
}

Expected<void> CheckMethodName(std::string_view method) {
  BW_ASSIGN(const QuantSpec spec, QuantSpec::Parse("int8"));
  const float one = 1;
  BW_TRY(ChooseScale({{&one, 1}, 0, 1, &spec}, method));
  return {};
}

}  // namespace bw
