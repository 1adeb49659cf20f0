#include "bitwright/cost/parameters.h"

#include <algorithm>

#include "bitwright/base/text.h"

namespace bw {
namespace {

Expected<void> CheckOne(const Parameters& parameters, const ParameterRule& rule) {
  const auto found = parameters.items().find(rule.name);
  if (found == parameters.items().end()) {
    return Fail("parameter '{}' is missing: {}", rule.name, rule.meaning);
  }
  const std::vector<double>& values = found->second;
  if (rule.count != 0 && values.size() != rule.count) {
    return Fail("parameter '{}' has {} numbers, {} are needed: {}", rule.name, values.size(),
                rule.count, rule.meaning);
  }
  if (values.empty()) return Fail("parameter '{}' is empty: {}", rule.name, rule.meaning);
  for (const double value : values) {
    if (value >= rule.low && value <= rule.high) continue;
    return Fail("parameter '{}' is {}, {} to {} is allowed: {}", rule.name, value, rule.low,
                rule.high, rule.meaning);
  }
  return {};
}

}  // namespace

Expected<void> CheckParameters(const Parameters& parameters, std::span<const ParameterRule> rules) {
  for (const ParameterRule& rule : rules) BW_TRY(CheckOne(parameters, rule));
  std::vector<std::string> names;
  for (const ParameterRule& rule : rules) names.emplace_back(rule.name);
  for (const auto& [name, unused] : parameters.items()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (names.empty()) return Fail("unknown parameter '{}'; the model takes none", name);
    return Fail("unknown parameter '{}'; nearest is '{}'", name, Nearest(name, names));
  }
  return {};
}

}  // namespace bw
