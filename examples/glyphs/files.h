#pragma once
// The glyph files' bytes.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/base/error.h"
#include "examples/glyphs/draw.h"

namespace glyphs {

// Images [0, count) of the set `seed`, on all cores.
std::vector<Image> DrawSet(std::uint64_t seed, std::uint64_t count);

// NumPy files, uint8: images [count, 1, kSide, kSide] and labels [count].
std::string ImagesNpy(std::span<const Image> images);
std::string LabelsNpy(std::span<const Image> images);

// A PNG sheet for looking at: one row a class in the order of the labels, its first `columns`
// images from the left.
bw::Expected<std::string> ContactSheetPng(std::span<const Image> images, int columns);

}  // namespace glyphs
