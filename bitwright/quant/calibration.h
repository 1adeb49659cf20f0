#pragma once
// What calibration learns of every activation, in one sweep over the data whose memory does not
// grow with it.

#include <cstdint>
#include <span>
#include <vector>

#include "bitwright/quant/runner.h"
#include "bitwright/quant/targets.h"

namespace bw {

// One channel (axis 1) of an activation.
struct ChannelStatistics {
  float min = 0, max = 0;
  double sum = 0, sum_squares = 0;
};

struct ActivationStatistics {
  double min = 0, max = 0;
  double sum = 0, sum_squares = 0;
  std::int64_t count = 0;
  std::vector<float> sample;  // elements drawn at random by (seed, position); at most kSampleLimit
  std::vector<ChannelStatistics> channels = {};    // empty for tensors of one axis
  std::vector<std::int32_t> sample_channels = {};  // of each element of the sample; empty likewise

  bool non_negative() const { return min >= 0; }
};

inline constexpr std::size_t kSampleLimit = 32768;

// One entry for each target, in order (weights get empty entries). The network runs in float. The
// result does not depend on the number of threads.
Expected<std::vector<ActivationStatistics>> Calibrate(const Graph& graph,
                                                      const QuantTargets& targets,
                                                      const Dataset& data, std::uint64_t seed,
                                                      int threads, const Progress& progress = {});

// What Calibrate would have learned had each channel been this many times as large.
void ScaleStatistics(ActivationStatistics& statistics, std::span<const float> factors);

}  // namespace bw
