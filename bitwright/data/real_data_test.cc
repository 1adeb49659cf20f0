// The formats on real files; skipped where they are absent.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bitwright/base/file.h"
#include "bitwright/data/dataset.h"

namespace bw {
namespace {

using Ints = std::vector<std::int64_t>;

std::string DataFolder() {
  const char* folder = std::getenv("BITWRIGHT_DATA");
  return folder == nullptr ? "../shared/data" : folder;
}

class RealData : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(DataFolder() + "/README.md")) {
      GTEST_SKIP() << "no data in '" << DataFolder() << "'; set BITWRIGHT_DATA";
    }
  }
  static Dataset Open(const std::string& path, const std::string& labels = "",
                      const Preprocess& preprocess = {}) {
    const auto data = Dataset::Open(DataFolder() + "/" + path,
                                    labels.empty() ? "" : DataFolder() + "/" + labels, preprocess);
    EXPECT_TRUE(data.has_value()) << (data ? "" : data.error().message);
    return data ? *data : Dataset();
  }
};

// Byte `offset` of a file, read without the code under test.
int ByteOf(const std::string& path, std::streamoff offset) {
  std::ifstream in(DataFolder() + "/" + path, std::ios::binary);
  in.seekg(offset);
  return in.get();
}

Ints FirstLabels(const Dataset& data, std::size_t count) {
  Ints labels;
  for (std::size_t i = 0; i < std::min(count, data.size()); ++i) labels.push_back(data.label(i));
  return labels;
}

TEST_F(RealData, Cifar10TestImages) {
  const Dataset data = Open("cifar10/test_batch_first1000.bin");
  ASSERT_EQ(data.size(), 1000u);
  EXPECT_EQ(data.classes(), 10);
  EXPECT_EQ(FirstLabels(data, 5), (Ints{3, 8, 8, 0, 6}));
  EXPECT_EQ(data.Batch(999, 1)->span<float>()[0],
            static_cast<float>(ByteOf("cifar10/test_batch_first1000.bin", 999 * 3073 + 1)));
}

TEST_F(RealData, MnistTestImages) {
  const Dataset data = Open("mnist/t10k-images-idx3-ubyte.gz");
  ASSERT_EQ(data.size(), 10000u);
  EXPECT_EQ(FirstLabels(data, 5), (Ints{7, 2, 1, 0, 4}));
  EXPECT_EQ(data.row_shape(), (Shape{1, 28, 28}));
}

TEST_F(RealData, TinyImagesTurnFromNhwc) {
  Preprocess preprocess;
  preprocess.stored_layout = "nhwc";
  const Dataset data =
      Open("mlperf_tiny/ic01_x_u8_nhwc.npy", "mlperf_tiny/ic01_y_u8.npy", preprocess);
  ASSERT_EQ(data.size(), 200u);
  EXPECT_EQ(data.row_shape(), (Shape{3, 32, 32}));
  const Tensor batch = data.Batch(1, 1).value();
  EXPECT_EQ(batch.span<float>()[2 * 1024 + 33],
            static_cast<float>(ByteOf("mlperf_tiny/ic01_x_u8_nhwc.npy", 128 + 3072 + 33 * 3 + 2)));
  EXPECT_EQ(
      Open("mlperf_tiny/vww01_x_u8_nhwc.npy", "mlperf_tiny/vww01_y_u8.npy", preprocess).row_shape(),
      (Shape{3, 96, 96}));
}

TEST_F(RealData, KeywordsAreSignedNumbers) {
  Preprocess preprocess;
  preprocess.mean = {83};
  preprocess.std = {1 / 0.5847029};
  const Dataset data = Open("mlperf_tiny/kws01_x_i8.npy", "mlperf_tiny/kws01_y_u8.npy", preprocess);
  ASSERT_EQ(data.size(), 1000u);
  EXPECT_EQ(data.classes(), 12);
  EXPECT_EQ(data.row_shape(), (Shape{49, 10}));
  const auto code = static_cast<signed char>(ByteOf("mlperf_tiny/kws01_x_i8.npy", 128 + 7 * 490));
  EXPECT_NEAR(data.Batch(7, 1)->span<float>()[0], (code - 83) * 0.5847029, 1e-4);
}

TEST_F(RealData, AnomalyClipsAre196Windows) {
  Preprocess preprocess;
  preprocess.window = 5;
  const Dataset data = Open("mlperf_tiny/ad01_x_f32.npy", "mlperf_tiny/ad01_y_u8.npy", preprocess);
  ASSERT_EQ(data.size(), 248u);
  EXPECT_EQ(data.rows_per_sample(), 196);
  EXPECT_EQ(data.row_shape(), Shape{640});
  const Tensor batch = data.Batch(2, 2).value();
  EXPECT_EQ(batch.shape(), (Shape{392, 640}));
  EXPECT_EQ(batch.span<float>()[640], batch.span<float>()[128]);
}

TEST_F(RealData, ImagenetArchiveReadsWithItsList) {
  Preprocess preprocess;
  preprocess.center_crop = 224;
  const Dataset data = Open("imagenet/ilsvrc2012_val650_227.tar", "", preprocess);
  ASSERT_EQ(data.size(), 650u);
  EXPECT_EQ(data.row_shape(), (Shape{3, 224, 224}));
  EXPECT_EQ(FirstLabels(data, 3), (Ints{472, 300, 625}));
  const auto batch = data.Batch(600, 50);
  EXPECT_TRUE(batch.has_value()) << batch.error().message;
}

TEST_F(RealData, ImagenetSampleHasAllClasses) {
  const Dataset data = Open("imagenet/imagenet_sample1000_224.tar");
  EXPECT_EQ(data.size(), 1000u);
  EXPECT_EQ(data.classes(), 1000);
  EXPECT_EQ(FirstLabels(data, 3), (Ints{0, 1, 2}));
}

}  // namespace
}  // namespace bw
