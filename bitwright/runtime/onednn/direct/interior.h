#pragma once
// Where the padding of a window is seen and where not.

#include "bitwright/graph/window.h"

namespace bw::kernels {

// begin .. begin + count - 1.
struct OutputRange {
  std::int64_t begin = 0, count = 0;
};

// The taps of output o that lie inside the input.
inline OutputRange TapsInside(const ops::Window& window, std::int64_t o) {
  const std::int64_t first = o * window.stride - window.pad_begin;
  std::int64_t begin = 0, end = window.kernel;
  while (begin < end && first + begin * window.dilation < 0) ++begin;
  while (end > begin && first + (end - 1) * window.dilation >= window.in) --end;
  return {begin, end - begin};
}

// The outputs that see all of their taps.
inline OutputRange Interior(const ops::Window& window) {
  OutputRange interior;
  const auto whole = [&](std::int64_t o) {
    return o < window.out && TapsInside(window, o).count == window.kernel;
  };
  while (interior.begin < window.out && !whole(interior.begin)) ++interior.begin;
  while (whole(interior.begin + interior.count)) ++interior.count;
  return interior;
}

}  // namespace bw::kernels
