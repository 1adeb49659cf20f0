// glyphs-generate: writes a set of drawn glyphs as glyphs_x_u8.npy and glyphs_y_u8.npy.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "bitwright/base/file.h"
#include "examples/glyphs/files.h"

namespace {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t count = 1000;
  std::string out;
  std::string png;
};

bw::Expected<void> Generate(const Options& options) {
  const std::vector<glyphs::Image> images = glyphs::DrawSet(options.seed, options.count);
  BW_TRY(bw::MakeFolder(options.out));
  BW_TRY(bw::WriteFile(options.out + "/glyphs_x_u8.npy", glyphs::ImagesNpy(images)));
  BW_TRY(bw::WriteFile(options.out + "/glyphs_y_u8.npy", glyphs::LabelsNpy(images)));
  if (options.png.empty()) return {};
  BW_ASSIGN(const std::string sheet, glyphs::ContactSheetPng(images, 20));
  return bw::WriteFile(options.png, sheet);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Draws a ten-class set of glyph images; the same seed gives the same bytes.",
               "glyphs-generate");
  app.add_option("--seed", options.seed, "which set")->capture_default_str();
  app.add_option("--count", options.count, "number of images")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  app.add_option("--out", options.out, "folder for glyphs_x_u8.npy and glyphs_y_u8.npy")
      ->required();
  app.add_option("--png", options.png,
                 "also write a contact sheet of the first images to this file");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(bw::ErrorKind::kUsage);
  }
  if (const auto done = Generate(options); !done) {
    fmt::print(stderr, "{}\n", done.error().message);
    return static_cast<int>(done.error().kind);
  }
  fmt::print("{}: {} images of {} classes, seed {}\n", options.out, options.count, glyphs::kClasses,
             options.seed);
  return 0;
}
