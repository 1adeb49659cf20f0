// Cross-layer equalization (Nagel et al., arXiv 1906.04721, section 4.1), for scales of activations
// that are one for the whole tensor. Small channels are made larger, as far as the tensor's range
// allows, and the columns of the layers that read them smaller. Where the weights have a scale for
// each output channel this costs nothing in the layer before, and in a depthwise layer behind; in
// others the weight's error in that column grows with the activation. The factor s of a channel is
// the one with the least sum of both noises, A / s^2 + B s^2, hence s^4 = A / B (our derivation).

#include <algorithm>
#include <cmath>
#include <limits>

#include "bitwright/quant/fit_spec.h"
#include "bitwright/quant/method.h"
#include "bitwright/quant/scale_channels.h"
#include "bitwright/tensor/block_scale.h"

namespace bw::methods {
namespace {

constexpr Statistic kNeeds[] = {Statistic::kActivations};
constexpr int kRounds = 4;  // the steps of weights follow the factors
// A channel that was nearly dead on the calibration samples may be alive on others, and is cut at
// what it was made room for.
constexpr double kMost = 32;

std::size_t Index(std::int64_t i) { return static_cast<std::size_t>(i); }

// What is known of the channels of each class.
struct Channels {
  std::vector<double> noise;   // squared steps of the activations that hold the channel
  std::vector<double> energy;  // mean square
  std::vector<double> most;    // the largest factor
};

// The step of a format that spans this range; what matters is that it falls with the width.
double Step(double range, const QuantSpec& spec) { return range / std::exp2(spec.element.bits()); }

const TensorPlan* PlanOf(const QuantDraft& draft, ValueId value) {
  const auto entry = draft.plan.tensors.find(draft.graph.value(value).name);
  return entry == draft.plan.tensors.end() ? nullptr : &entry->second;
}

// How many times as large a channel may become within [low, high].
double Room(const ChannelStatistics& channel, double low, double high) {
  const double up = channel.max > 0 ? high / channel.max : std::numeric_limits<double>::infinity();
  const double down = channel.min < 0 ? low / channel.min : std::numeric_limits<double>::infinity();
  return std::min(up, down);
}

void AddTensor(const ActivationStatistics& known, const TensorPlan& plan,
               const std::vector<int>& classes, Channels& channels) {
  double low = known.min, high = known.max;
  if (plan.spec.symmetric && plan.spec.element.info().is_signed) {
    high = std::max(high, -low);
    low = -high;
  }
  const double step = Step(std::max(high, 0.0) - std::min(low, 0.0), plan.spec);
  const double each = static_cast<double>(known.count) / static_cast<double>(classes.size());
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const std::size_t k = Index(classes[c]);
    channels.noise[k] += step * step;
    channels.energy[k] = std::max(channels.energy[k], known.channels[c].sum_squares / each);
    // A format fitted to the tensor would have to be fitted again; scales of blocks follow their
    // channels by themselves.
    const bool stays = IsFitted(plan.spec.element) || IsDynamic(plan.spec);
    const double room = stays ? 1 : Room(known.channels[c], low, high);
    channels.most[k] = std::min(channels.most[k], room);
  }
}

Channels Describe(const QuantDraft& draft, const ChannelClasses& classes) {
  Channels channels{std::vector<double>(classes.count(), 0.0),
                    std::vector<double>(classes.count(), 0.0),
                    std::vector<double>(classes.count(), std::numeric_limits<double>::infinity())};
  const std::vector<QuantTarget>& tensors = draft.targets->tensors;
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    const TensorPlan* plan = PlanOf(draft, tensors[t].value);
    if (tensors[t].kind != TargetKind::kActivation || plan == nullptr) continue;
    const std::vector<int>& own = classes.Of(tensors[t].value);
    if (own.empty() || own.size() != draft.statistics.activations[t].channels.size()) continue;
    AddTensor(draft.statistics.activations[t], *plan, own, channels);
  }
  for (std::size_t k = 0; k < classes.count(); ++k) {
    const bool unknown = !std::isfinite(channels.most[k]);  // never rounded, or always zero
    if (classes.IsFixed(static_cast<int>(k)) || unknown) channels.most[k] = 1;
    channels.most[k] = std::min(channels.most[k], kMost);
  }
  return channels;
}

// Adds a layer's share of the noises A (of its input's rounding) and B (of its weight's).
void AddLayer(const QuantDraft& draft, const ChannelClasses& classes, const LinearLayer& layer,
              const Channels& channels, const std::vector<float>& factors, std::vector<double>& a,
              std::vector<double>& b) {
  const std::vector<int>& from = classes.Of(layer.input);
  const std::span<const float> weight = draft.graph.value(layer.weight).constant->span<float>();
  std::vector<double> column(from.size(), 0.0), row(Index(layer.outputs), 0.0);
  for (std::size_t e = 0; e < weight.size(); ++e) {
    const std::size_t c = Index(layer.InOf(static_cast<std::int64_t>(e)));
    const std::size_t o = Index(layer.OutOf(static_cast<std::int64_t>(e)));
    const double w = weight[e], factor = static_cast<double>(factors[Index(from[c])]);
    column[c] += w * w;
    row[o] = std::max(row[o], std::abs(w) / factor);
  }
  double energy = 0;
  for (std::size_t c = 0; c < from.size(); ++c)
    energy += column[c] * channels.energy[Index(from[c])];
  if (energy <= 0) return;
  const TensorPlan* plan = PlanOf(draft, layer.weight);
  std::vector<double> steps(Index(layer.groups), 0.0);  // squared, of all outputs of the group
  for (std::size_t o = 0; plan != nullptr && o < row.size(); ++o) {
    const double step = Step(2 * row[o], plan->spec);
    steps[o * steps.size() / row.size()] += step * step * static_cast<double>(layer.taps);
  }
  for (std::size_t c = 0; c < from.size(); ++c) {
    const std::size_t k = Index(from[c]);
    a[k] += channels.noise[k] * column[c] / energy;
    if (layer.inputs == layer.groups) continue;  // the weight's scale follows the one channel
    b[k] += steps[c * steps.size() / from.size()] * channels.energy[k] / energy;
  }
}

std::vector<float> ChooseFactors(const QuantDraft& draft, const ChannelClasses& classes) {
  const Channels channels = Describe(draft, classes);
  std::vector<float> factors(classes.count(), 1.0F);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> a(classes.count(), 0.0), b(classes.count(), 0.0);
    for (const LinearLayer& layer : classes.layers())
      AddLayer(draft, classes, layer, channels, factors, a, b);
    for (std::size_t k = 0; k < factors.size(); ++k) {
      const double best = b[k] > 0   ? std::pow(a[k] / b[k], 0.25)
                          : a[k] > 0 ? channels.most[k]
                                     : 1.0;
      factors[k] = static_cast<float>(std::clamp(best, 1.0, std::max(1.0, channels.most[k])));
    }
  }
  return factors;
}

// Fixes the channels that a layer whose weight shares scales between outputs would have to pay for.
void KeepSharedRows(const QuantDraft& draft, const ChannelClasses& classes,
                    std::vector<float>& factors) {
  for (const LinearLayer& layer : classes.layers()) {
    const TensorPlan* plan = PlanOf(draft, layer.weight);
    if (plan == nullptr || !std::holds_alternative<PerTensor>(plan->spec.grain)) continue;
    for (const int k : classes.Of(layer.output)) factors[Index(k)] = 1;
  }
}

void ScaleInputs(LayerInputs& inputs, const LinearLayer& layer, std::span<const float> factors) {
  for (std::int64_t g = 0; g < inputs.groups; ++g) {
    for (std::int64_t i = 0; i < inputs.count * inputs.length; ++i) {
      const std::int64_t channel = (g * inputs.length + i % inputs.length) / layer.taps;
      inputs.rows[Index(g * inputs.count * inputs.length + i)] *= factors[Index(channel)];
    }
  }
}

void ScaleAll(QuantDraft& draft, const ChannelClasses& classes, const std::vector<float>& factors) {
  for (std::size_t t = 0; t < draft.targets->tensors.size(); ++t) {
    const QuantTarget& target = draft.targets->tensors[t];
    if (target.kind == TargetKind::kActivation) {
      const std::vector<float> own = FactorsOf(classes, factors, target.value);
      const bool changes = std::any_of(own.begin(), own.end(), [](float s) { return s != 1; });
      if (!changes) continue;
      ScaleStatistics(draft.statistics.activations[t], own);
      const auto entry = draft.plan.tensors.find(target.name);
      if (entry != draft.plan.tensors.end()) entry->second.fixed.reset();  // found for other values
      continue;
    }
    for (const LinearLayer& layer : classes.layers()) {
      if (layer.weight != target.value || draft.statistics.inputs[t].empty()) continue;
      ScaleInputs(draft.statistics.inputs[t], layer, FactorsOf(classes, factors, layer.input));
    }
  }
}

Expected<std::string> Apply(QuantDraft& draft, const MethodContext&) {
  BW_ASSIGN(const ChannelClasses classes, ChannelClasses::Find(draft.graph));
  std::vector<float> factors = ChooseFactors(draft, classes);
  KeepSharedRows(draft, classes, factors);
  const auto moved = std::count_if(factors.begin(), factors.end(), [](float s) { return s != 1; });
  if (moved == 0) return std::string("no channel can be scaled");
  draft.plan.channel_scales = FactorsByLayer(draft.graph, classes, factors);
  BW_TRY(ScaleChannels(draft.graph, draft.plan.channel_scales));
  ScaleAll(draft, classes, factors);
  return fmt::format("{} of {} channels scaled, by at most {:.3g}", moved, factors.size(),
                     *std::max_element(factors.begin(), factors.end()));
}

}  // namespace

BW_ENTRY(Method, cross_layer_equalization) = {
    "cross_layer_equalization",
    "small channels of activations made larger, the next layer's columns smaller",
    Stage::kNetwork,
    Effort::kStandard,
    kNeeds,
    Apply};

}  // namespace bw::methods
