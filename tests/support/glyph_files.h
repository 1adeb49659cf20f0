#pragma once
// The embedded example as files: its network, and sets of its images.

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/program.h"

namespace bw::program {

std::string GlyphNetwork();
std::string GlyphPreprocess();
// examples/preprocess/<name>.json
std::string ExamplePreprocess(const std::string& name);

// A .npy file, little-endian: descr "<f4", "|u1"; shape "(2, 3)".
std::string NpyBytes(const std::string& descr, const std::string& shape, const std::string& raw);

// Images and labels of the set `seed` in a folder.
struct GlyphSet {
  GlyphSet(const Folder& folder, std::uint64_t seed, std::uint64_t count);
  std::string images, labels;

  // --data, --labels and --preprocess of the set.
  std::vector<std::string> Arguments() const;
};

// Lists one behind the other.
std::vector<std::string> Join(std::vector<std::string> first,
                              const std::vector<std::string>& second);

}  // namespace bw::program
