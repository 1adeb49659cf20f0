#pragma once
// For tests: data sets made in memory, by way of .npy files that go at the end of the program.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "bitwright/base/rng.h"
#include "bitwright/data/dataset.h"

namespace bw::testing_data {

class Folder {
 public:
  Folder() : path_(::testing::TempDir() + fmt::format("bw_test_data_{}", ::getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A path that no earlier call gave.
inline std::string FreshPath(const std::string& suffix) {
  static const Folder folder;
  static int next = 0;
  return fmt::format("{}/{}{}", folder.path(), next++, suffix);
}

template <typename T>
void WriteNpy(const std::string& path, const std::string& descr, const Shape& shape,
              std::span<const T> elements) {
  std::string extents;
  for (const std::int64_t extent : shape) extents += fmt::format("{},", extent);
  const std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}\n", descr, extents);
  std::ofstream out(path, std::ios::binary);
  out << "\x93NUMPY\x01" << '\0' << static_cast<char>(header.size() & 255)
      << static_cast<char>(header.size() >> 8) << header;
  out.write(reinterpret_cast<const char*>(elements.data()),
            static_cast<std::streamsize>(elements.size_bytes()));
}

// Normally distributed.
inline Tensor RandomTensor(const Shape& shape, std::uint64_t seed) {
  Tensor tensor(DType::kFloat32, shape);
  Rng rng(seed);
  for (float& x : tensor.span<float>()) x = static_cast<float>(rng.Normal());
  return tensor;
}

// Samples along the first axis; `labels` may be empty.
inline Dataset MakeDataset(const Tensor& samples, const std::vector<std::int64_t>& labels = {},
                           const Preprocess& preprocess = {}) {
  const std::string path = FreshPath(".npy");
  WriteNpy<float>(path, "<f4", samples.shape(), samples.span<float>());
  std::string labels_path;
  if (!labels.empty()) {
    labels_path = FreshPath("_labels.npy");
    WriteNpy<std::int64_t>(labels_path, "<i8", {static_cast<std::int64_t>(labels.size())}, labels);
  }
  Expected<Dataset> data = Dataset::Open(path, labels_path, preprocess);
  EXPECT_TRUE(data.has_value()) << (data ? "" : data.error().message);
  return std::move(data).value();
}

}  // namespace bw::testing_data
