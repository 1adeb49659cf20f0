#pragma once
// Files that the tests of this folder write.

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <png.h>
#include <turbojpeg.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace bw::testing_files {

// Folders that go when the program ends.
class Folders {
 public:
  ~Folders() {
    for (const std::string& folder : made_) Remove(folder);
  }
  // Emptied when first asked for.
  void Make(const std::string& folder) {
    if (!made_.insert(folder).second) return;
    Remove(folder);
    std::filesystem::create_directories(folder);
  }

 private:
  static void Remove(const std::string& folder) {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  std::set<std::string> made_;
};

// A folder of this test alone.
inline std::string TestFolder() {
  static Folders folders;
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string folder = fmt::format("{}bw_data_{}_{}_{}", ::testing::TempDir(), ::getpid(),
                                         info->test_suite_name(), info->name());
  folders.Make(folder);
  return folder;
}

inline std::string Put(const std::string& name, const std::string& bytes) {
  const std::string path = TestFolder() + "/" + name;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

template <typename T>
std::string Raw(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

inline std::string NpyHeader(const std::string& dictionary, int version = 1) {
  const std::string text = dictionary + "\n";
  std::string head = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    head += static_cast<char>(text.size() >> (8 * i) & 255);
  return head + text;
}

template <typename T>
std::string Npy(const std::string& descr, const std::string& shape, const std::vector<T>& values) {
  return NpyHeader(fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", descr,
                               shape)) +
         Raw(values);
}

using NamedBytes = std::vector<std::pair<std::string, std::string>>;

// `kind`: tar, gz, xz, zip.
inline std::string Packed(const NamedBytes& files, const std::string& kind) {
  std::string out(1 << 20, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  if (kind == "zip")
    archive_write_set_format_zip(writer);
  else
    archive_write_set_format_ustar(writer);
  if (kind == "gz") archive_write_add_filter_gzip(writer);
  if (kind == "xz") archive_write_add_filter_xz(writer);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  for (const auto& [name, bytes] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(writer, entry);
    archive_write_data(writer, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

// Interleaved pixels, 1 or 3 channels.
inline std::string Png(int width, int height, int channels,
                       const std::vector<std::uint8_t>& pixels) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr);
  std::string bytes(size, '\0');
  png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr);
  bytes.resize(size);
  return bytes;
}

inline std::string Jpeg(int width, int height, int channels,
                        const std::vector<std::uint8_t>& pixels) {
  tjhandle jpeg = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  tjCompress2(jpeg, pixels.data(), width, 0, height, channels == 1 ? TJPF_GRAY : TJPF_RGB, &data,
              &size, channels == 1 ? TJSAMP_GRAY : TJSAMP_444, 95, TJFLAG_ACCURATEDCT);
  std::string bytes(reinterpret_cast<char*>(data), size);
  tjFree(data);
  tjDestroy(jpeg);
  return bytes;
}

// width x height of one color.
inline std::vector<std::uint8_t> Flat(int width, int height,
                                      const std::vector<std::uint8_t>& color) {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < width * height; ++i) pixels.insert(pixels.end(), color.begin(), color.end());
  return pixels;
}

// Two CIFAR records; byte k of image i is (k + i) mod 256.
inline std::string Cifar() {
  std::string bytes;
  for (int i = 0; i < 2; ++i) {
    bytes += static_cast<char>(7 - i);
    for (int k = 0; k < 3072; ++k) bytes += static_cast<char>((k + i) & 255);
  }
  return bytes;
}

inline std::string Idx(const std::vector<int>& shape, const std::vector<std::uint8_t>& values) {
  std::string bytes = {0, 0, 8, static_cast<char>(shape.size())};
  for (const int extent : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(extent >> shift & 255);
  }
  return bytes + Raw(values);
}

}  // namespace bw::testing_files
