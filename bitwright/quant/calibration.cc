#include "bitwright/quant/calibration.h"

#include <algorithm>
#include <cmath>
#include <iterator>

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

}  // namespace

Expected<std::vector<ActivationStatistics>> Calibrate(const Graph& graph,
                                                      const QuantTargets& targets,
                                                      const Dataset& data, std::uint64_t seed,
                                                      int threads, const Progress& progress) {
  BW_ASSIGN(Runner runner, Runner::Create(graph, data, {threads, Backend::kFast, true}));
  const std::size_t chunks = runner.ChunkCount(data);
  const std::size_t per_chunk = std::max<std::size_t>(1, kSampleLimit / chunks);
  std::vector<std::vector<ActivationStatistics>> parts(chunks);
  const auto visit = [&](const Chunk& chunk, Executor& executor) -> Expected<void> {
    parts[chunk.index].resize(targets.tensors.size());
    for (std::size_t t = 0; t < targets.tensors.size(); ++t) {
      const QuantTarget& target = targets.tensors[t];
      if (target.kind != TargetKind::kActivation) continue;
      const ConstTensorRef values = Runner::Rows(chunk, executor.ValueOf(target.value));
      ActivationStatistics part =
          OfChunk(values.span<float>(), chunk.index < kSampleLimit ? per_chunk : 0,
                  Rng(RandomBits(seed, chunk.index * targets.tensors.size() + t)));
      if (!std::isfinite(part.sum_squares)) {
        return Fail(
            "activation '{}' is NaN or infinite on samples {} to {}; check the weights and the "
            "preprocessing",
            target.name, chunk.first_sample, chunk.first_sample + chunk.samples - 1);
      }
      parts[chunk.index][t] = std::move(part);
    }
    return {};
  };
  BW_TRY(runner.ForEachChunk(data, visit, progress, "calibrating"));
  std::vector<ActivationStatistics> merged(targets.tensors.size());
  for (const auto& part : parts) {
    for (std::size_t t = 0; t < merged.size(); ++t) {
      if (targets.tensors[t].kind == TargetKind::kActivation) Merge(merged[t], part[t]);
    }
  }
  return merged;
}

}  // namespace bw
