#pragma once
// One glyph image from a seed and an index, the same bytes on any machine.

#include <array>
#include <cstdint>

#include "examples/glyphs/strokes.h"

namespace glyphs {

inline constexpr int kSide = 28;
inline constexpr int kPixels = kSide * kSide;

struct Image {
  std::array<std::uint8_t, kPixels> pixels{};  // gray, row by row
  int label = 0;
};

// Image `index` of the set `seed`: it depends on these two alone. Each ten images from a multiple
// of ten hold each class once, in random order. Only + - * / and sqrt of doubles are used, so
// nothing hangs on a mathematics library.
Image DrawGlyph(std::uint64_t seed, std::uint64_t index);

}  // namespace glyphs
