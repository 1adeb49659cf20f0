#include "bitwright/quant/spec_for.h"

#include <algorithm>
#include <string>

#include "bitwright/base/text.h"

namespace bw {
namespace {

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Expected<QuantSpec> WeightSpec(std::string_view text, const QuantTarget& target) {
  const std::vector<std::string> parts = Split(text, ':');
  std::string spec = parts.empty() ? "" : parts[0];
  const std::string channel = fmt::format("c{}", target.axes.channel);
  bool has_grain = false;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    std::string part = parts[i];
    const bool block = part[0] == 'b' && IsDigits(std::string_view(part).substr(1));
    if (part == "c") part = channel;
    if (block && target.axes.reduce >= 0) part += fmt::format("@{}", target.axes.reduce);
    has_grain = has_grain || block || part == "t" || part.find('@') != std::string::npos ||
                ((part[0] == 'c' || part[0] == 'm') &&
                 IsDigits(std::string_view(part).substr(1, part.find('x') - 1)));
    spec += ":" + part;
  }
  BW_ASSIGN(QuantSpec parsed, QuantSpec::Parse(spec));
  const bool alias = parsed.ToString().substr(0, parts.empty() ? 0 : parts[0].size()) !=
                     (parts.empty() ? "" : parts[0]);
  if (!has_grain && !alias) parsed.grain = PerChannel{target.axes.channel};
  if (auto* block = std::get_if<PerBlock>(&parsed.grain); block != nullptr && block->axis < 0) {
    block->axis = target.axes.reduce;
  }
  return parsed;
}

Expected<QuantSpec> ActivationSpec(std::string_view text, const ActivationStatistics& statistics) {
  BW_ASSIGN(QuantSpec spec, QuantSpec::Parse(text));
  if (!std::holds_alternative<PerTensor>(spec.grain)) {
    return Fail("spec '{}': activations take one scale per tensor; leave the grain out", text);
  }
  if (spec.element.info().fitted_from_data && !statistics.sample.empty()) {
    BW_ASSIGN(spec.element, FitFormat(spec.element, statistics.sample, {}));
    return spec;
  }
  if (!statistics.non_negative() || !spec.element.info().is_signed) return spec;
  if (Expected<Format> unsigned_form = Format::Parse("u" + spec.element.name())) {
    spec.element = *std::move(unsigned_form);
  }
  return spec;
}

}  // namespace bw
