#include "tests/support/glyph_files.h"

#include "examples/glyphs/files.h"

namespace bw::program {

std::string GlyphNetwork() { return BW_ROOT "/examples/glyphs/glyphs.onnx"; }
std::string GlyphPreprocess() { return BW_ROOT "/examples/glyphs/preprocess.json"; }
std::string ExamplePreprocess(const std::string& name) {
  return BW_ROOT "/examples/preprocess/" + name + ".json";
}

std::string NpyBytes(const std::string& descr, const std::string& shape, const std::string& raw) {
  const std::string header =
      "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  std::string bytes = std::string("\x93NUMPY\x01") + '\0';
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  return bytes + header + raw;
}

GlyphSet::GlyphSet(const Folder& folder, std::uint64_t seed, std::uint64_t count) {
  const std::vector<glyphs::Image> set = glyphs::DrawSet(seed, count);
  images = folder.Put("glyphs_x.npy", glyphs::ImagesNpy(set));
  labels = folder.Put("glyphs_y.npy", glyphs::LabelsNpy(set));
}

std::vector<std::string> GlyphSet::Arguments() const {
  return {"--data", images, "--labels", labels, "--preprocess", GlyphPreprocess()};
}

std::vector<std::string> Join(std::vector<std::string> first,
                              const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace bw::program
