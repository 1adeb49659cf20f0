#include "bitwright/quant/spec_for.h"

#include <algorithm>
#include <string>

#include "bitwright/base/text.h"
#include "bitwright/tensor/block_scale.h"

namespace bw {
namespace {

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A block that does not divide its rows becomes tiles of its size, whose last one is shorter.
void CutLastBlock(const QuantTarget& target, Grain& grain) {
  const auto* block = std::get_if<PerBlock>(&grain);
  if (block == nullptr || target.shape.size() < 2) return;
  const bool along_rows = block->axis < 0;
  const std::int64_t row = along_rows ? target.elements / target.shape[0]
                                      : target.shape[static_cast<std::size_t>(block->axis)];
  if (row % block->size == 0) return;
  grain = along_rows ? PerTile{1, block->size, 0} : PerTile{block->size, 1, block->axis};
}

// The format of as many bits for tensors without negative values.
std::optional<Format> UnsignedForm(const Format& format) {
  const std::string& name = format.name();
  std::vector<std::string> names = {"u" + name};
  // A floating format spends the sign's bit on its fraction.
  const std::size_t m = name.find('m');
  std::int64_t fraction = 0;
  if (format.info().family == "minifloat" && m != std::string::npos &&
      ParseInt(std::string_view(name).substr(m + 1), fraction)) {
    names.push_back(fmt::format("u{}m{}", name.substr(0, m), fraction + 1));
  }
  for (const std::string& candidate : names) {
    const Expected<Format> found = Format::Parse(candidate);
    if (found && found->bits() == format.bits()) return *found;
  }
  return std::nullopt;
}

void PreferUnsigned(const ActivationStatistics& statistics, QuantSpec& spec) {
  if (!statistics.non_negative() || !spec.element.info().is_signed) return;
  if (std::optional<Format> form = UnsignedForm(spec.element)) spec.element = *std::move(form);
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
  CutLastBlock(target, parsed.grain);
  return parsed;
}

Expected<QuantSpec> ActivationSpec(std::string_view text, const ActivationStatistics& statistics) {
  BW_ASSIGN(QuantSpec spec, QuantSpec::Parse(text));
  if (const auto* block = std::get_if<PerBlock>(&spec.grain); block != nullptr && IsDynamic(spec)) {
    spec.grain = PerTile{block->size, 1, 1};  // along the channels, the last block may be shorter
    const bool named = text.find(':') == std::string_view::npos;  // what a standard says
    if (!named) PreferUnsigned(statistics, spec);
    return spec;
  }
  if (!std::holds_alternative<PerTensor>(spec.grain)) {
    return Fail(
        "spec '{}': activations take one scale per tensor, or blocks under e8m0 or two levels; "
        "leave the grain out",
        text);
  }
  if (spec.element.info().fitted_from_data && !statistics.sample.empty()) {
    BW_ASSIGN(spec.element, FitFormat(spec.element, statistics.sample, {}));
    return spec;
  }
  PreferUnsigned(statistics, spec);
  return spec;
}

}  // namespace bw
