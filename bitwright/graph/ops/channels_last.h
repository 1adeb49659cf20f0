#pragma once
// [N, C, H, W] and [N, H, W, C].

#include "bitwright/graph/checks.h"

namespace bw::ops {

inline Shape ChannelsLast(const Shape& s) { return {s[0], s[2], s[3], s[1]}; }
inline Shape ChannelsFirst(const Shape& s) { return {s[0], s[3], s[1], s[2]}; }

// Calls move(first, last) with the flat indices of every element in both orders.
template <typename Move>
void ForEachPlace(const Shape& channels_first, const Move& move) {
  const std::int64_t channels = channels_first[1];
  const std::int64_t positions = channels_first[2] * channels_first[3];
  for (std::int64_t n = 0; n < channels_first[0]; ++n) {
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t p = 0; p < positions; ++p) {
        const std::int64_t first = (n * channels + c) * positions + p;
        const std::int64_t last = (n * positions + p) * channels + c;
        move(static_cast<std::size_t>(first), static_cast<std::size_t>(last));
      }
    }
  }
}

}  // namespace bw::ops
