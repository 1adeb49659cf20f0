#include "bitwright/quant/scale_channels.h"

#include <algorithm>
#include <cmath>

namespace bw {
namespace {

// The layer whose output has this name, or null.
const LinearLayer* FindLayer(const Graph& graph, const ChannelClasses& classes,
                             const std::string& name) {
  for (const LinearLayer& layer : classes.layers()) {
    if (graph.value(layer.output).name == name) return &layer;
  }
  return nullptr;
}

Expected<void> SetFactor(const std::string& layer, float factor, bool is_fixed, float& known) {
  if (!(factor > 0) || !std::isfinite(factor))
    return Fail("channel scales of '{}': {} is no positive number", layer, factor);
  if (is_fixed && factor != 1) {
    return Fail("channel scales of '{}': {} for a channel that an operator behind it fixes at 1",
                layer, factor);
  }
  if (known != 0 && known != factor) {
    return Fail("channel scales of '{}': {} for a channel that another layer's list scales by {}",
                layer, factor, known);
  }
  known = factor;
  return {};
}

float Of(const std::vector<float>& factors, const std::vector<int>& channels, std::int64_t c) {
  return factors[static_cast<std::size_t>(channels[static_cast<std::size_t>(c)])];
}

}  // namespace

Expected<std::vector<float>> FactorsByClass(const Graph& graph, const ChannelClasses& classes,
                                            const ChannelScales& scales) {
  std::vector<float> factors(classes.count(), 0.0F);
  for (const auto& [name, list] : scales) {
    const LinearLayer* layer = FindLayer(graph, classes, name);
    if (layer == nullptr)
      return Fail("channel scales: '{}' is no output of a layer that can be scaled", name);
    const std::vector<int>& channels = classes.Of(layer->output);
    if (list.size() != channels.size()) {
      return Fail("channel scales of '{}': {} numbers for {} channels", name, list.size(),
                  channels.size());
    }
    for (std::size_t c = 0; c < list.size(); ++c) {
      const auto index = static_cast<std::size_t>(channels[c]);
      BW_TRY(SetFactor(name, list[c], classes.IsFixed(channels[c]), factors[index]));
    }
  }
  std::replace(factors.begin(), factors.end(), 0.0F, 1.0F);
  return factors;
}

std::vector<float> FactorsOf(const ChannelClasses& classes, std::span<const float> factors,
                             ValueId value) {
  std::vector<float> found;
  for (const int channel : classes.Of(value))
    found.push_back(factors[static_cast<std::size_t>(channel)]);
  return found;
}

Expected<void> ScaleChannels(Graph& graph, const ChannelScales& scales) {
  if (scales.empty()) return {};
  BW_ASSIGN(const ChannelClasses classes, ChannelClasses::Find(graph));
  BW_ASSIGN(const std::vector<float> factors, FactorsByClass(graph, classes, scales));
  for (const LinearLayer& layer : classes.layers()) {
    const std::vector<int>&from = classes.Of(layer.input), &to = classes.Of(layer.output);
    const std::span<float> weight = graph.value(layer.weight).constant->span<float>();
    for (std::size_t e = 0; e < weight.size(); ++e) {
      const auto element = static_cast<std::int64_t>(e);
      weight[e] *= Of(factors, to, layer.OutOf(element)) / Of(factors, from, layer.InOf(element));
    }
    if (layer.bias == kNoValue) continue;
    const std::span<float> bias = graph.value(layer.bias).constant->span<float>();
    for (std::size_t c = 0; c < bias.size(); ++c)
      bias[c] *= Of(factors, to, static_cast<std::int64_t>(c));
  }
  for (const ChannelClasses::Addend& addend : classes.addends()) {
    const std::span<float> values = graph.value(addend.constant).constant->span<float>();
    for (std::size_t e = 0; e < values.size(); ++e)
      values[e] *= factors[static_cast<std::size_t>(addend.classes[e])];
  }
  return {};
}

ChannelScales FactorsByLayer(const Graph& graph, const ChannelClasses& classes,
                             std::span<const float> factors) {
  ChannelScales scales;
  for (const LinearLayer& layer : classes.layers()) {
    std::vector<float> list = FactorsOf(classes, factors, layer.output);
    if (std::all_of(list.begin(), list.end(), [](float factor) { return factor == 1; })) continue;
    scales[graph.value(layer.output).name] = std::move(list);
  }
  return scales;
}

}  // namespace bw
