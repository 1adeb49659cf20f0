#pragma once
// Copies between strided regions of float tensors.

#include <cstdint>
#include <cstring>
#include <vector>

namespace bw::kernels {

// One axis of a region; steps in elements.
struct RegionAxis {
  std::int64_t extent, from, to;
};

// Axes outermost first, as few as possible: axes that both sides walk evenly are joined.
inline std::vector<RegionAxis> JoinAxes(const std::vector<RegionAxis>& axes) {
  std::vector<RegionAxis> joined;
  for (const RegionAxis& axis : axes) {
    if (axis.extent == 1) continue;
    const bool joins = !joined.empty() && joined.back().from == axis.from * axis.extent &&
                       joined.back().to == axis.to * axis.extent;
    if (joins) {
      joined.back() = {joined.back().extent * axis.extent, axis.from, axis.to};
    } else {
      joined.push_back(axis);
    }
  }
  return joined;
}

inline void CopyRegion(const std::vector<RegionAxis>& axes, std::size_t first, const float* from,
                       float* to) {
  if (first == axes.size()) {
    *to = *from;
    return;
  }
  const RegionAxis& axis = axes[first];
  if (first + 1 < axes.size()) {
    for (std::int64_t i = 0; i < axis.extent; ++i) {
      CopyRegion(axes, first + 1, from + i * axis.from, to + i * axis.to);
    }
  } else if (axis.from == 1 && axis.to == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(axis.extent) * sizeof(float));
  } else {
    for (std::int64_t i = 0; i < axis.extent; ++i) to[i * axis.to] = from[i * axis.from];
  }
}

}  // namespace bw::kernels
