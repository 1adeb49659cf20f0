// Files cut short or changed at random: each is refused with a message or opens; nothing crashes.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include "bitwright/base/rng.h"
#include "bitwright/data/dataset.h"
#include "bitwright/data/preprocess.h"
#include "bitwright/data/test_files.h"

namespace bw {
namespace {

using namespace testing_files;  // NOLINT(google-build-using-namespace)

std::string Gzip(const std::string& bytes) {
  const std::string path = Put("plain.gz", "");
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// One small file of each kind, by name.
NamedBytes SmallFiles() {
  const std::string x = Npy("|u1", "(2, 2)", std::vector<std::uint8_t>{1, 2, 3, 4});
  const std::string y = Npy("|u1", "(2,)", std::vector<std::uint8_t>{1, 0});
  std::vector<std::uint8_t> noise(16 * 16 * 3);
  for (std::size_t i = 0; i < noise.size(); ++i)
    noise[i] = static_cast<std::uint8_t>(RandomBits(5, i));
  const NamedBytes images = {{"a.png", Png(16, 16, 3, noise)},
                             {"b.jpg", Jpeg(16, 16, 3, noise)},
                             {"labels.txt", "b.jpg 1\na.png 0\n"}};
  const std::string idx = Idx({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  return {{"x.npy", x},
          {"x.npz", Packed({{"x.npy", x}, {"y.npy", y}}, "zip")},
          {"m-idx3", idx},
          {"m-idx3.gz", Gzip(idx)},
          {"i.tar", Packed(images, "tar")},
          {"i.tar.gz", Packed(images, "gz")},
          {"i.tar.xz", Packed(images, "xz")},
          {"i.zip", Packed(images, "zip")},
          {"png/a.png", Png(16, 16, 3, noise)},
          {"jpg/b.jpg", Jpeg(16, 16, 3, noise)}};
}

// Opens what was put and reads all of it; true when that worked. An error must be one line that
// names a file.
bool Reads(const std::string& name, const std::string& bytes) {
  std::string path = Put(name, bytes);
  if (name.find('/') != std::string::npos)
    path = std::filesystem::path(path).parent_path().string();
  const auto data = Dataset::Open(path, "", {});
  const auto batch =
      data ? data->Batch(0, data->size()) : Expected<Tensor>(tl::unexpected(data.error()));
  if (batch) return true;
  const std::string& message = batch.error().message;
  EXPECT_NE(message.find(path), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return false;
}

TEST(Damage, WholeFilesOfEachKindRead) {
  for (const auto& [name, bytes] : SmallFiles()) EXPECT_TRUE(Reads(name, bytes)) << name;
}

TEST(Damage, NoPrefixOfAnyKindCrashes) {
  for (const auto& [name, bytes] : SmallFiles()) {
    const std::size_t step = bytes.size() > 4096 ? 101 : bytes.size() > 500 ? 17 : 1;
    for (std::size_t size = 0; size < bytes.size(); size += step)
      Reads(name, bytes.substr(0, size));
  }
}

TEST(Damage, PrefixOfAKindWithALengthIsRefused) {
  for (const auto& [name, bytes] : SmallFiles()) {
    if (name != "x.npy" && name != "m-idx3" && name != "jpg/b.jpg") continue;
    const std::size_t step = bytes.size() > 500 ? 7 : 1;
    for (std::size_t size = 0; size + 2 < bytes.size(); size += step) {
      EXPECT_FALSE(Reads(name, bytes.substr(0, size))) << name << " " << size;
    }
  }
}

TEST(Damage, ChangedBytesOfAnyKindDoNotCrash) {
  Rng rng(11);
  for (const auto& [name, bytes] : SmallFiles()) {
    for (int round = 0; round < 60; ++round) {
      std::string changed = bytes;
      const std::size_t places = 1 + rng.Below(4);
      for (std::size_t i = 0; i < places; ++i)
        changed[rng.Below(changed.size())] = static_cast<char>(rng.Bits());
      Reads(name, changed);
    }
  }
}

RC_GTEST_PROP(Damage, RandomTextIsNoPreprocessingUnlessItReadsBack, (const std::string& text)) {
  const auto got = Preprocess::FromJson(text, "pre.json");
  if (!got) return;  // RC_ASSERT would evaluate both sides of ||
  RC_ASSERT(Preprocess::FromJson(got->ToJson(), "again").has_value());
}

}  // namespace
}  // namespace bw
