#include <algorithm>

#include "bitwright/data/archive.h"
#include "bitwright/data/dataset.h"
#include "bitwright/data/image_codec.h"
#include "bitwright/data/image_list.h"
#include "bitwright/data/test_files.h"

namespace bw {
namespace {

using namespace testing_files;  // NOLINT(google-build-using-namespace)

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;
using Bytes = std::vector<std::uint8_t>;

Dataset MustOpen(const std::string& path, const std::string& labels = "") {
  auto data = Dataset::Open(path, labels, {});
  EXPECT_TRUE(data.has_value()) << (data ? "" : data.error().message);
  return data ? *data : Dataset();
}

std::string OpenError(const std::string& path, const std::string& labels = "") {
  const auto data = Dataset::Open(path, labels, {});
  return data ? "no error" : data.error().message;
}

void ExpectMessage(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
}

Ints LabelsOf(const Dataset& data) {
  Ints labels;
  for (std::size_t i = 0; data.has_labels() && i < data.size(); ++i)
    labels.push_back(data.label(i));
  return labels;
}

// The first value of each sample.
Floats Firsts(const Dataset& data) {
  Floats firsts;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto batch = data.Batch(i, 1);
    EXPECT_TRUE(batch.has_value()) << (batch ? "" : batch.error().message);
    firsts.push_back(batch ? batch->span<float>()[0] : -1.0F);
  }
  return firsts;
}

std::string GrayPng(std::uint8_t level) { return Png(2, 2, 1, Flat(2, 2, {level})); }

void PutFolder(const NamedBytes& files) {
  for (const auto& [name, bytes] : files) Put(name, bytes);
}

TEST(Codec, PngIsExactAndPlanar) {
  const std::string png = Png(2, 1, 3, {1, 2, 3, 250, 251, 252});
  EXPECT_EQ(ImageChannels(png, "a").value(), 3);
  const Tensor image = DecodeImage(png, 3, "a").value();
  EXPECT_EQ(image.shape(), (Shape{3, 1, 2}));
  const auto got = image.span<std::uint8_t>();
  EXPECT_EQ(Bytes(got.begin(), got.end()), (Bytes{1, 250, 2, 251, 3, 252}));
}

TEST(Codec, GrayFillsThreeChannelsWhenAsked) {
  for (const std::string& bytes : {Png(1, 1, 1, {77}), Jpeg(8, 8, 1, Flat(8, 8, {77}))}) {
    EXPECT_EQ(ImageChannels(bytes, "a").value(), 1);
    const Tensor image = DecodeImage(bytes, 3, "a").value();
    for (const std::uint8_t value : image.span<std::uint8_t>()) EXPECT_EQ(value, 77);
    EXPECT_EQ(DecodeImage(bytes, 1, "a").value().shape()[0], 1);
  }
}

TEST(Codec, JpegKeepsAFlatColorWithinTwo) {
  const Tensor image = DecodeImage(Jpeg(16, 8, 3, Flat(16, 8, {200, 100, 30})), 3, "a").value();
  EXPECT_EQ(image.shape(), (Shape{3, 8, 16}));
  const auto got = image.span<std::uint8_t>();
  for (std::size_t i = 0; i < 128; ++i) {
    EXPECT_NEAR(got[i], 200, 2);
    EXPECT_NEAR(got[128 + i], 100, 2);
    EXPECT_NEAR(got[256 + i], 30, 2);
  }
}

TEST(Codec, RefusalsNameTheFile) {
  const auto error = [](const std::string& bytes) {
    return DecodeImage(bytes, 3, "cat.jpg").error().message;
  };
  const std::string jpeg = Jpeg(32, 32, 3, Flat(32, 32, {200, 100, 30}));
  ExpectMessage(error("GIF89a"),
                "cat.jpg: not an image, 6 bytes that start neither as JPEG nor as PNG");
  ExpectMessage(error(jpeg.substr(0, 20)), "cat.jpg: corrupt JPEG, ");
  ExpectMessage(error(jpeg.substr(0, jpeg.size() - 12)), "cat.jpg: corrupt JPEG, ");
  const std::string png = GrayPng(3);
  ExpectMessage(error(png.substr(0, png.size() - 20)), "cat.jpg: corrupt PNG, ");
  ExpectMessage(ImageChannels(png.substr(0, 12), "cat.png").error().message,
                "cat.png: corrupt PNG, ");
  ExpectMessage(ImageChannels("", "cat.png").error().message, "cat.png: not an image, 0 bytes");
}

TEST(Codec, CmykJpegIsRefused) {
  tjhandle jpeg = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  const Bytes pixels = Flat(8, 8, {1, 2, 3, 4});
  ASSERT_EQ(tjCompress2(jpeg, pixels.data(), 8, 0, 8, TJPF_CMYK, &data, &size, TJSAMP_444, 90, 0),
            0);
  const std::string bytes(reinterpret_cast<char*>(data), size);
  tjFree(data);
  tjDestroy(jpeg);
  ExpectMessage(DecodeImage(bytes, 3, "ink.jpg").error().message,
                "ink.jpg: unsupported JPEG colors, CMYK");
}

TEST(Codec, HugeImageIsRefusedBeforeItsPixels) {
  std::string jpeg = Jpeg(8, 8, 1, Flat(8, 8, {9}));
  const std::size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  for (std::size_t i = 5; i < 9; ++i) jpeg[frame + i] = '\xfd';
  ExpectMessage(DecodeImage(jpeg, 3, "big.jpg").error().message,
                "big.jpg: image size is 65021x65021, 1 to 134217728");
}

TEST(Images, ListGivesOrderAndLabels) {
  PutFolder(
      {{"set/b.png", GrayPng(20)}, {"set/a.png", GrayPng(10)}, {"set/c d.JPEG", GrayPng(30)}});
  Put("set/labels.txt", "c d.JPEG 5\nb.png 1\na.png 7\n");
  const Dataset data = MustOpen(TestFolder() + "/set");
  EXPECT_EQ(LabelsOf(data), (Ints{5, 1, 7}));
  EXPECT_EQ(Firsts(data), (Floats{30, 20, 10}));
  EXPECT_EQ(data.row_shape(), (Shape{1, 2, 2}));
}

TEST(Images, EveryKindOfArchiveGivesTheSame) {
  const NamedBytes files = {{"./b.png", GrayPng(20)},
                            {"./notes.md", "no"},
                            {"./labels.txt", "b.png 1\na.png 7\n"},
                            {"./a.png", GrayPng(10)}};
  for (const auto& [kind, name] : NamedBytes{{"tar", "s.tar"},
                                             {"gz", "s.tar.gz"},
                                             {"gz", "s.tgz"},
                                             {"xz", "s.tar.xz"},
                                             {"zip", "s.zip"}}) {
    const Dataset data = MustOpen(Put(name, Packed(files, kind)));
    EXPECT_EQ(LabelsOf(data), (Ints{1, 7})) << name;
    EXPECT_EQ(Firsts(data), (Floats{20, 10})) << name;
  }
}

TEST(Images, OneColorImageMakesAllRgb) {
  PutFolder({{"set/a.png", GrayPng(10)}, {"set/b.png", Png(2, 2, 3, Flat(2, 2, {1, 2, 3}))}});
  EXPECT_EQ(MustOpen(TestFolder() + "/set").row_shape(), (Shape{3, 2, 2}));
}

TEST(Images, SubfoldersAreClassesInNameOrder) {
  PutFolder({{"set/in/dog/1.png", GrayPng(1)},
             {"set/in/cat/2.png", GrayPng(2)},
             {"set/in/cat/x/3.png", GrayPng(3)}});
  const Dataset data = MustOpen(TestFolder() + "/set");
  EXPECT_EQ(LabelsOf(data), (Ints{0, 0, 1}));
  EXPECT_EQ(Firsts(data), (Floats{2, 3, 1}));
}

TEST(Images, SubfoldersNamedByIntegersAreThoseLabels) {
  PutFolder({{"set/10/a.png", GrayPng(1)}, {"set/2/b.png", GrayPng(2)}});
  EXPECT_EQ(LabelsOf(MustOpen(TestFolder() + "/set")), (Ints{10, 2}));
}

TEST(Images, OneFolderHasNoClasses) {
  PutFolder({{"set/only/a.png", GrayPng(1)}, {"set/only/b.png", GrayPng(2)}});
  EXPECT_FALSE(MustOpen(TestFolder() + "/set").has_labels());
}

TEST(Images, LabelFileMayNameImagesOrFollowTheNamesOrder) {
  PutFolder({{"set/top/b.png", GrayPng(20)},
             {"set/top/a.png", GrayPng(10)},
             {"set/top/labels.txt", "a.png 0\nb.png 0\n"}});
  const std::string set = TestFolder() + "/set";
  EXPECT_EQ(LabelsOf(MustOpen(set)), (Ints{0, 0}));
  EXPECT_EQ(Firsts(MustOpen(set, Put("short.txt", "b.png 3\na.png 4\n"))), (Floats{20, 10}));
  EXPECT_EQ(Firsts(MustOpen(set, Put("long.txt", "top/b.png 3\ntop/a.png 4\n"))), (Floats{20, 10}));
  EXPECT_EQ(LabelsOf(MustOpen(set, Put("plain.txt", "8\n9\n"))), (Ints{8, 9}));
  EXPECT_EQ(LabelsOf(MustOpen(set, Put("y.npy", Npy("|u1", "(2,)", Bytes{6, 7})))), (Ints{6, 7}));
}

TEST(Images, LabelsThatDoNotMatchAreRefused) {
  PutFolder({{"set/b.png", GrayPng(20)}, {"set/a.png", GrayPng(10)}});
  const std::string set = TestFolder() + "/set";
  const auto error = [&](const std::string& text) { return OpenError(set, Put("list.txt", text)); };
  ExpectMessage(error("a.png 1\n"),
                "list.txt: labels do not match the samples, 1 labels, 2 are needed; the first "
                "without one is 'b.png'");
  ExpectMessage(error("a.png 1\nz.png 2\n"),
                "list.txt: names 'z.png', no such image, one of the 2 images is needed");
  ExpectMessage(error("a.png 1\na.png 2\n"),
                "list.txt: names 'a.png' twice, each image may be named once");
  ExpectMessage(error("1\n2\n3\n"),
                "list.txt: labels do not match the samples, 3 labels, 2 are needed");
  ExpectMessage(error(""), "list.txt: labels do not match the samples, 0 labels, 2 are needed");
  Put("set/labels.txt", "a.png\n");
  ExpectMessage(OpenError(set), "set/labels.txt: line 1 has no label, 'a.png'");
}

TEST(Images, CorruptImageIsNamed) {
  PutFolder(
      {{"set/a.png", GrayPng(10)}, {"set/b.jpg", Jpeg(2, 2, 1, Flat(2, 2, {9})).substr(0, 100)}});
  const Dataset data = MustOpen(TestFolder() + "/set");
  ExpectMessage(data.Batch(0, 2).error().message, "set: 'b.jpg': corrupt JPEG, ");
}

TEST(Images, OtherSizeThanTheFirstIsRefusedUnlessResized) {
  PutFolder({{"set/a.png", GrayPng(10)}, {"set/b.png", Png(4, 2, 1, Flat(4, 2, {9}))}});
  const std::string set = TestFolder() + "/set";
  ExpectMessage(MustOpen(set).Batch(0, 2).error().message,
                "sample 1 of shape [1,2,4] does not become [1,2,2] as the first one does, all "
                "must; use resize and center_crop");
  Preprocess preprocess;
  preprocess.resize = 3;
  preprocess.center_crop = 3;
  const Dataset data = Dataset::Open(set, "", preprocess).value();
  EXPECT_EQ(data.Batch(0, 2).value().shape(), (Shape{2, 1, 3, 3}));
}

TEST(Images, DamagedArchiveIsRefused) {
  const NamedBytes files = {{"a.png", GrayPng(10)}, {"b.png", GrayPng(20)}};
  const std::string tar = Packed(files, "tar");
  ExpectMessage(OpenError(Put("cut.tar", tar.substr(0, 1100))),
                "cut.tar: damaged archive after 'a.png', ");
  const std::string gz = Packed(files, "gz");
  ExpectMessage(OpenError(Put("cut.tar.gz", gz.substr(0, gz.size() / 2))),
                "cut.tar.gz: damaged archive after ");
  ExpectMessage(OpenError(Put("text.tar", "hello")),
                "text.tar: damaged archive after '(its start)'");
  ExpectMessage(OpenError(Put("zero.tar", "")), "zero.tar: empty file, 0 bytes");
  ExpectMessage(OpenError(Put("other.tar", Packed({{"a.txt", "x"}}, "tar"))),
                "other.tar: empty data set, no image in it");
}

TEST(Archive, PlainTarStaysOnDiskAndPackedIsBounded) {
  const NamedBytes files = {{"a", std::string(3000, 'a')}, {"b", "bb"}, {"none", ""}};
  const auto all = [](std::string_view) { return true; };
  const auto plain = ListArchive(Put("p.tar", Packed(files, "tar")), all, 0);
  ASSERT_TRUE(plain.has_value()) << plain.error().message;
  ASSERT_EQ(plain->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(ReadMember((*plain)[i]).value(), files[i].second);
  const std::string packed = Put("p.tar.gz", Packed(files, "gz"));
  ASSERT_TRUE(ListArchive(packed, all, 3002).has_value());
  ExpectMessage(ListArchive(packed, all, 3001).error().message,
                "too much to keep in memory at 'b'");
}

TEST(ImageList, CommonFolderEndsAtASlash) {
  EXPECT_EQ(CommonFolder({"a/bc/1", "a/bd/2"}), "a/");
  EXPECT_EQ(CommonFolder({"a/b/1", "a/b/2"}), "a/b/");
  EXPECT_EQ(CommonFolder({"a/1", "b/2"}), "");
  EXPECT_EQ(CommonFolder({"1", "b/2"}), "");
  EXPECT_EQ(CommonFolder({}), "");
}

}  // namespace
}  // namespace bw
