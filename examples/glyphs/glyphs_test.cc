#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <array>

#include "examples/glyphs/files.h"

namespace glyphs {
namespace {

unsigned long Crc(const std::string& bytes) {
  return crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
}

TEST(Glyphs, SameSeedGivesTheRecordedBytes) {
  const std::vector<Image> images = DrawSet(1, 500);
  EXPECT_EQ(Crc(ImagesNpy(images)), 2120600048u);
  EXPECT_EQ(Crc(LabelsNpy(images)), 167767733u);
}

TEST(Glyphs, AnotherSeedGivesOtherImagesAndLabels) {
  const std::vector<Image> one = DrawSet(1, 100);
  const std::vector<Image> two = DrawSet(2, 100);
  EXPECT_NE(ImagesNpy(one), ImagesNpy(two));
  EXPECT_NE(LabelsNpy(one), LabelsNpy(two));
}

TEST(Glyphs, ImageDependsOnSeedAndIndexAlone) {
  const std::vector<Image> set = DrawSet(7, 64);
  for (std::size_t i : {63u, 0u, 31u}) {
    const Image alone = DrawGlyph(7, i);
    EXPECT_EQ(alone.pixels, set[i].pixels) << i;
    EXPECT_EQ(alone.label, set[i].label) << i;
  }
}

TEST(Glyphs, EveryTenImagesHoldEachClassOnce) {
  const std::vector<Image> images = DrawSet(3, 200);
  for (std::size_t first = 0; first < images.size(); first += kClasses) {
    std::array<int, kClasses> counts{};
    for (int k = 0; k < kClasses; ++k) ++counts.at(images[first + k].label);
    EXPECT_EQ(std::count(counts.begin(), counts.end(), 1), kClasses) << "from image " << first;
  }
}

TEST(Glyphs, NpyHeaderStatesTypeAndShapeAndAlignsTheData) {
  const std::vector<Image> images = DrawSet(1, 3);
  const std::string pictures = ImagesNpy(images);
  EXPECT_EQ(pictures.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  EXPECT_NE(pictures.find("{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1, 28, 28), }"),
            std::string::npos);
  EXPECT_EQ(pictures.size(), 128u + 3u * 28 * 28);
  EXPECT_EQ(static_cast<unsigned char>(pictures[8]), 118);
  EXPECT_EQ(static_cast<unsigned char>(pictures[128 + 784]), images[1].pixels[0]);
  const std::string labels = LabelsNpy(images);
  EXPECT_NE(labels.find("'shape': (3,), }"), std::string::npos);
  EXPECT_EQ(labels.size() % 64, 3u);
}

TEST(Glyphs, EveryImageHasContrast) {
  for (const Image& image : DrawSet(5, 300)) {
    const auto [low, high] = std::minmax_element(image.pixels.begin(), image.pixels.end());
    EXPECT_GT(*high - *low, 40);
  }
}

}  // namespace
}  // namespace glyphs
