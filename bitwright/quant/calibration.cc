#include "bitwright/quant/calibration.h"

#include <algorithm>
#include <cmath>

#include "bitwright/base/in_order.h"
#include "bitwright/base/rng.h"

namespace bw {
namespace {

// Draws about `wanted` elements, every one with the same chance; the first from the first run of
// `stride`.
void DrawSample(std::span<const float> values, std::size_t wanted, Rng rng,
                std::vector<float>& sample) {
  if (wanted == 0 || values.empty()) return;
  const std::size_t stride = std::max<std::size_t>(1, values.size() / wanted);
  for (std::size_t start = 0; start + stride <= values.size() && wanted > 0;
       start += stride, --wanted) {
    sample.push_back(values[start + static_cast<std::size_t>(rng.Below(stride))]);
  }
}

ActivationStatistics OfChunk(std::span<const float> values, std::size_t wanted, Rng rng) {
  ActivationStatistics statistics;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  statistics.min = *low;
  statistics.max = *high;
  for (const float x : values) {
    statistics.sum += x;
    statistics.sum_squares += static_cast<double>(x) * x;
  }
  statistics.count = static_cast<std::int64_t>(values.size());
  DrawSample(values, wanted, rng, statistics.sample);
  return statistics;
}

void Merge(ActivationStatistics& into, const ActivationStatistics& part) {
  const bool first = into.count == 0;
  into.min = first ? part.min : std::min(into.min, part.min);
  into.max = first ? part.max : std::max(into.max, part.max);
  into.sum += part.sum;
  into.sum_squares += part.sum_squares;
  into.count += part.count;
  into.sample.insert(into.sample.end(), part.sample.begin(), part.sample.end());
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
      part[t] = OfChunk(Runner::Rows(chunk, value).span<float>(),
                        chunk.index < kSampleLimit ? per_chunk : 0,
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

}  // namespace bw
