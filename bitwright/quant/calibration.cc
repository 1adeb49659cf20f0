#include "bitwright/quant/calibration.h"

#include <algorithm>
#include <cmath>

#include "bitwright/base/in_order.h"
#include "bitwright/base/rng.h"

namespace bw {
namespace {

// Draws about `wanted` elements, every one with the same chance; the first from the first run of
// `stride`.
void DrawSample(ConstTensorRef tensor, std::size_t wanted, Rng rng,
                ActivationStatistics& statistics) {
  const std::span<const float> values = tensor.span<float>();
  if (wanted == 0 || values.empty()) return;
  const std::size_t channels = statistics.channels.size();
  const std::size_t positions =
      channels == 0 ? 1 : values.size() / (static_cast<std::size_t>(tensor.shape[0]) * channels);
  const std::size_t stride = std::max<std::size_t>(1, values.size() / wanted);
  for (std::size_t start = 0; start + stride <= values.size() && wanted > 0;
       start += stride, --wanted) {
    const std::size_t index = start + static_cast<std::size_t>(rng.Below(stride));
    statistics.sample.push_back(values[index]);
    if (channels == 0) continue;
    statistics.sample_channels.push_back(static_cast<std::int32_t>(index / positions % channels));
  }
}

void Merge(ChannelStatistics& into, const ChannelStatistics& part, bool first) {
  into.min = first ? part.min : std::min(into.min, part.min);
  into.max = first ? part.max : std::max(into.max, part.max);
  into.sum += part.sum;
  into.sum_squares += part.sum_squares;
}

// Of values [rows, channels, ...].
std::vector<ChannelStatistics> OfChannels(ConstTensorRef values) {
  if (values.shape.size() < 2 || values.size() == 0) return {};
  std::vector<ChannelStatistics> channels(static_cast<std::size_t>(values.shape[1]));
  const auto rows = static_cast<std::size_t>(values.shape[0]);
  const std::size_t positions = static_cast<std::size_t>(values.size()) / (rows * channels.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < channels.size(); ++c) {
      const std::span<const float> run =
          values.span<float>().subspan((r * channels.size() + c) * positions, positions);
      ChannelStatistics part{run[0], run[0], 0, 0};
      for (const float x : run) {
        part.min = std::min(part.min, x);
        part.max = std::max(part.max, x);
        part.sum += x;
        part.sum_squares += static_cast<double>(x) * x;
      }
      Merge(channels[c], part, r == 0);
    }
  }
  return channels;
}

ActivationStatistics OfChunk(ConstTensorRef tensor, std::size_t wanted, Rng rng) {
  const std::span<const float> values = tensor.span<float>();
  ActivationStatistics statistics;
  statistics.channels = OfChannels(tensor);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  statistics.min = *low;
  statistics.max = *high;
  for (const float x : values) {
    statistics.sum += x;
    statistics.sum_squares += static_cast<double>(x) * x;
  }
  statistics.count = static_cast<std::int64_t>(values.size());
  DrawSample(tensor, wanted, rng, statistics);
  return statistics;
}

void Merge(ActivationStatistics& into, const ActivationStatistics& part) {
  const bool first = into.count == 0;
  into.min = first ? part.min : std::min(into.min, part.min);
  into.max = first ? part.max : std::max(into.max, part.max);
  into.sum += part.sum;
  into.sum_squares += part.sum_squares;
  into.count += part.count;
  into.channels.resize(part.channels.size());
  for (std::size_t c = 0; c < part.channels.size(); ++c)
    Merge(into.channels[c], part.channels[c], first);
  into.sample.insert(into.sample.end(), part.sample.begin(), part.sample.end());
  into.sample_channels.insert(into.sample_channels.end(), part.sample_channels.begin(),
                              part.sample_channels.end());
}

constexpr std::size_t kNoTarget = SIZE_MAX;

// By value: the activation target that it is, or kNoTarget.
std::vector<std::size_t> ActivationTargets(const Graph& graph, const QuantTargets& targets) {
  std::vector<std::size_t> target_of(graph.values.size(), kNoTarget);
  for (const std::size_t t : targets.Of(TargetKind::kActivation))
    target_of[static_cast<std::size_t>(targets.tensors[t].value)] = t;
  return target_of;
}

Expected<void> CheckFinite(const QuantTargets& targets,
                           const std::vector<ActivationStatistics>& part, const Chunk& chunk) {
  for (std::size_t t = 0; t < part.size(); ++t) {
    if (std::isfinite(part[t].sum_squares)) continue;
    return Fail(
        "activation '{}' is NaN or infinite on samples {} to {}; check the weights and the "
        "preprocessing",
        targets.tensors[t].name, chunk.first_sample, chunk.first_sample + chunk.samples - 1);
  }
  return {};
}

}  // namespace

Expected<std::vector<ActivationStatistics>> Calibrate(const Graph& graph,
                                                      const QuantTargets& targets,
                                                      const Dataset& data, std::uint64_t seed,
                                                      int threads, const Progress& progress) {
  BW_ASSIGN(Runner runner, Runner::Create(graph, data, {threads, Backend::kFast, false}));
  const std::size_t chunks = runner.ChunkCount(data);
  const std::size_t per_chunk = std::max<std::size_t>(1, kSampleLimit / chunks);
  const std::vector<std::size_t> target_of = ActivationTargets(graph, targets);
  std::vector<ActivationStatistics> merged(targets.tensors.size());
  InOrder<std::vector<ActivationStatistics>> parts([&](std::vector<ActivationStatistics>&& part) {
    for (std::size_t t = 0; t < merged.size(); ++t) {
      if (targets.tensors[t].kind == TargetKind::kActivation) Merge(merged[t], part[t]);
    }
  });
  const auto visit = [&](const Chunk& chunk, Executor& executor) -> Expected<void> {
    std::vector<ActivationStatistics> part(merged.size());
    RunRequest request;
    request.watch = [&](ValueId id, ConstTensorRef value) {
      const std::size_t t = target_of[static_cast<std::size_t>(id)];
      if (t == kNoTarget) return;
      part[t] = OfChunk(Runner::Rows(chunk, value), chunk.index < kSampleLimit ? per_chunk : 0,
                        Rng(RandomBits(seed, chunk.index * merged.size() + t)));
    };
    const ConstTensorRef input = chunk.input;
    executor.Run({&input, 1}, request);
    BW_TRY(CheckFinite(targets, part, chunk));
    parts.Add(chunk.index, std::move(part));
    return {};
  };
  BW_TRY(runner.Feed(data, visit, progress, "calibrating"));
  return merged;
}

void ScaleStatistics(ActivationStatistics& statistics, std::span<const float> factors) {
  BW_CHECK(factors.size() == statistics.channels.size());
  if (statistics.count == 0 || factors.empty()) return;
  double low = statistics.channels[0].min * factors[0], high = low;
  statistics.sum = statistics.sum_squares = 0;
  for (std::size_t c = 0; c < factors.size(); ++c) {
    ChannelStatistics& channel = statistics.channels[c];
    channel.min *= factors[c];
    channel.max *= factors[c];
    channel.sum *= factors[c];
    channel.sum_squares *= static_cast<double>(factors[c]) * factors[c];
    low = std::min(low, static_cast<double>(channel.min));
    high = std::max(high, static_cast<double>(channel.max));
    statistics.sum += channel.sum;
    statistics.sum_squares += channel.sum_squares;
  }
  statistics.min = low;
  statistics.max = high;
  for (std::size_t i = 0; i < statistics.sample.size(); ++i)
    statistics.sample[i] *= factors[static_cast<std::size_t>(statistics.sample_channels[i])];
}

}  // namespace bw
