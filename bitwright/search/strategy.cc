#include "bitwright/search/strategy.h"

#include <fmt/ranges.h>

#include <cstdlib>

#include "bitwright/base/text.h"

namespace bw {

Expected<const Strategy*> FindStrategy(std::string_view name) {
  std::vector<std::string> names;
  for (const Strategy* strategy : strategies::All()) {
    if (strategy->name == name) return strategy;
    names.emplace_back(strategy->name);
  }
  return FailUsage("--strategy: unknown strategy '{}', nearest is '{}' (known: {})", name,
                   Nearest(std::string(name), names), fmt::join(names, ", "));
}

Expected<std::pair<std::string, double>> ParseStrategyParameter(const Strategy& strategy,
                                                                const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  std::vector<std::string> names;
  for (const StrategyParameter& parameter : strategy.parameters) {
    names.emplace_back(parameter.name);
    if (parameter.name != name || equals == std::string::npos) continue;
    char* end = nullptr;
    const double value = std::strtod(text.c_str() + equals + 1, &end);
    if (end != text.c_str() + text.size() || end == text.c_str() + equals + 1 ||
        !(value >= parameter.low && value <= parameter.high)) {
      return FailUsage("--parameter: '{}' for '{}': {} to {} is allowed", text.substr(equals + 1),
                       name, parameter.low, parameter.high);
    }
    return std::pair(name, value);
  }
  return FailUsage("--parameter: '{}' is no parameter of {}, {} is allowed", text, strategy.name,
                   names.empty() ? "none" : fmt::format("{}=NUMBER", fmt::join(names, "|")));
}

}  // namespace bw
