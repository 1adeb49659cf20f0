#include "bitwright/base/file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bw {
namespace {
namespace fs = std::filesystem;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + fmt::format("bw_file_test_{}", ::getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  // Everything in the folder, at any depth.
  std::size_t Entries() const {
    std::size_t count = 0;
    for (auto it = fs::recursive_directory_iterator(folder_); it != fs::end(it); ++it) ++count;
    return count;
  }

  std::string folder_;
};

TEST_F(FileTest, WriteFileGivesBackTheSameBytes) {
  const std::string bytes("a\0\r\n\xff", 5);
  ASSERT_TRUE(WriteFile(Path("out"), bytes).has_value());
  EXPECT_EQ(ReadFile(Path("out")).value(), bytes);
  EXPECT_EQ(Entries(), 1U);
}

TEST_F(FileTest, WriteFileReplacesAnOlderFile) {
  ASSERT_TRUE(WriteFile(Path("out"), "a longer text").has_value());
  ASSERT_TRUE(WriteFile(Path("out"), "new").has_value());
  EXPECT_EQ(ReadFile(Path("out")).value(), "new");
  EXPECT_EQ(Entries(), 1U);
}

TEST_F(FileTest, WriteFileLeavesNothingWhereTheNameIsAFolder) {
  fs::create_directories(Path("taken/inside"));
  const Expected<void> written = WriteFile(Path("taken"), "text");
  ASSERT_FALSE(written.has_value());
  EXPECT_TRUE(written.error().message.starts_with(Path("taken") + ": cannot be written: "))
      << written.error().message;
  EXPECT_TRUE(fs::is_directory(Path("taken/inside")));
  EXPECT_EQ(Entries(), 2U);
}

TEST_F(FileTest, WriteFileLeavesNothingWhereTheFolderIsMissing) {
  const Expected<void> written = WriteFile(Path("missing/out"), "text");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().message,
            Path("missing/out") + ": cannot be written: No such file or directory");
  EXPECT_EQ(written.error().kind, ErrorKind::kInput);
  EXPECT_EQ(Entries(), 0U);
}

TEST_F(FileTest, WriteFileReportsAFullDevice) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  // The temporary name cannot be made beside a device by an ordinary user, and a rename onto it by
  // root would replace it: a link to it stands in for the temporary file.
  const std::string temporary = Path("out") + fmt::format(".{}.tmp", ::getpid());
  fs::create_symlink("/dev/full", temporary);
  const Expected<void> written = WriteFile(Path("out"), std::string(1 << 16, 'x'));
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().message, Path("out") + ": cannot be written: No space left on device");
  EXPECT_EQ(Entries(), 0U);
}

TEST_F(FileTest, ReadFileSaysWhatStandsThere) {
  EXPECT_EQ(ReadFile(folder_).error().message, folder_ + ": is a folder, a file is needed");
  EXPECT_EQ(ReadFile(Path("none")).error().message,
            Path("none") + ": cannot be read: No such file or directory");
}

TEST_F(FileTest, MakeFolderMakesParentsAndLeavesNoProbe) {
  ASSERT_TRUE(MakeFolder(Path("a/b")).has_value());
  EXPECT_TRUE(fs::is_directory(Path("a/b")));
  EXPECT_EQ(Entries(), 2U);
  ASSERT_TRUE(MakeFolder(Path("a/b")).has_value()) << "an existing folder is fine";
}

// No process has the largest number; this one lives.
TEST_F(FileTest, MakeFolderRemovesWhatKilledWritersLeft) {
  const std::string dead = Path("model.onnx.2147483647.tmp");
  const std::string living = Path(fmt::format("model.onnx.{}.tmp", ::getpid()));
  for (const std::string& path : {dead, living, Path("own.tmp"), Path("plan.2147483647.json")})
    ASSERT_TRUE(WriteFile(path, "x").has_value());
  ASSERT_TRUE(MakeFolder(Path("")).has_value());
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(living));
  EXPECT_TRUE(fs::exists(Path("own.tmp")));
  EXPECT_TRUE(fs::exists(Path("plan.2147483647.json")));
}

TEST_F(FileTest, MakeFolderRefusesAPathThroughAFile) {
  ASSERT_TRUE(WriteFile(Path("file"), "").has_value());
  const Expected<void> made = MakeFolder(Path("file/folder"));
  ASSERT_FALSE(made.has_value());
  EXPECT_TRUE(made.error().message.starts_with(Path("file/folder") +
                                               ": cannot make the folder: Not a directory"))
      << made.error().message;
  EXPECT_TRUE(made.error().message.ends_with("; name another with -o"));
}

}  // namespace
}  // namespace bw
