#include "examples/glyphs/files.h"

#include <png.h>

#include <algorithm>

#include "bitwright/base/check.h"
#include "bitwright/base/parallel.h"

namespace glyphs {
namespace {

// NumPy's format version 1.0: magic, length, a Python literal padded so that the data is 64-byte
// aligned.
std::string NpyHeader(std::string_view shape) {
  std::string text =
      fmt::format("{{'descr': '|u1', 'fortran_order': False, 'shape': ({}), }}", shape);
  constexpr std::size_t kPrefix = 10;
  while ((kPrefix + text.size() + 1) % 64 != 0) text.push_back(' ');
  text.push_back('\n');
  std::string header("\x93NUMPY\x01\x00", 8);
  header.push_back(static_cast<char>(text.size() & 0xff));
  header.push_back(static_cast<char>(text.size() >> 8));
  return header + text;
}

constexpr int kGap = 1;
constexpr int kCell = kSide + kGap;

std::vector<std::uint8_t> ContactSheet(std::span<const Image> images, int columns) {
  const int width = columns * kCell;
  std::vector<std::uint8_t> sheet(static_cast<std::size_t>(width) * kClasses * kCell, 255);
  std::array<int, kClasses> used{};
  for (const Image& image : images) {
    const int column = used[image.label]++;
    if (column >= columns) continue;
    for (int y = 0; y < kSide; ++y) {
      const auto row = image.pixels.begin() + y * kSide;
      std::copy(row, row + kSide,
                sheet.begin() + (image.label * kCell + y) * width + column * kCell);
    }
  }
  return sheet;
}

}  // namespace

std::vector<Image> DrawSet(std::uint64_t seed, std::uint64_t count) {
  std::vector<Image> images(count);
  bw::ParallelFor(count, 0, [&](std::size_t i, int) { images[i] = DrawGlyph(seed, i); });
  return images;
}

std::string ImagesNpy(std::span<const Image> images) {
  std::string bytes = NpyHeader(fmt::format("{}, 1, {}, {}", images.size(), kSide, kSide));
  for (const Image& image : images) bytes.append(image.pixels.begin(), image.pixels.end());
  return bytes;
}

std::string LabelsNpy(std::span<const Image> images) {
  std::string bytes = NpyHeader(fmt::format("{},", images.size()));
  for (const Image& image : images) bytes.push_back(static_cast<char>(image.label));
  return bytes;
}

bw::Expected<std::string> ContactSheetPng(std::span<const Image> images, int columns) {
  BW_CHECK(columns > 0);
  const std::vector<std::uint8_t> sheet = ContactSheet(images, columns);
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(columns * kCell);
  png.height = static_cast<png_uint_32>(kClasses * kCell);
  png.format = PNG_FORMAT_GRAY;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(png), '\0');
  png_alloc_size_t size = bytes.size();
  if (!png_image_write_to_memory(&png, bytes.data(), &size, 0, sheet.data(), 0, nullptr)) {
    return bw::Fail("contact sheet: libpng cannot write it, {}, a {}x{} image is wanted",
                    png.message, png.width, png.height);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace glyphs
