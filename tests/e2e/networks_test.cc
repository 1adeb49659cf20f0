// Published networks on real data: the float results of the data's README, to its printed digits,
// and 8-bit integers within 1 point (AUC: 0.003) of them, weights rounded with compensation. The
// bound leaves room for luck: 0.3 points are two or three images here, and a handful of images
// change sides with any rounding, and with the order of additions that a processor makes oneDNN
// use. Calibrated on training images where there are some, else on the evaluated samples.

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "tests/e2e/report.h"

namespace bw::program {
namespace {

struct Network {
  const char* name;  // of the test
  const char* model;
  const char* data;
  const char* labels;      // empty: in the data
  const char* preprocess;  // in examples/preprocess
  const char* metric;
  double expected;  // as printed
  double digit;     // half a unit of the last printed digit
  std::size_t limit = 0;
};

constexpr double kPercentDigit = 0.0005, kAucDigit = 0.0005;

const Network kNetworks[] = {
    {"Resnet20", "cifar10_resnet20", "cifar10/test_batch_first1000.bin", "", "cifar10_resnet20",
     "top1", 0.915, kPercentDigit},
    {"ImageClassification", "mlperf_tiny_ic_resnet8", "mlperf_tiny/ic01_x_u8_nhwc.npy",
     "mlperf_tiny/ic01_y_u8.npy", "mlperf_tiny_ic", "top1", 0.855, kPercentDigit},
    {"ImageClassificationCifar", "mlperf_tiny_ic_resnet8", "cifar10/test_batch_first1000.bin", "",
     "mlperf_tiny_ic", "top1", 0.881, kPercentDigit},
    {"VisualWakeWords", "mlperf_tiny_vww_mobilenetv1_025", "mlperf_tiny/vww01_x_u8_nhwc.npy",
     "mlperf_tiny/vww01_y_u8.npy", "mlperf_tiny_vww", "top1", 0.853, kPercentDigit},
    {"KeywordSpotting", "mlperf_tiny_kws_dscnn", "mlperf_tiny/kws01_x_i8.npy",
     "mlperf_tiny/kws01_y_u8.npy", "mlperf_tiny_kws", "top1", 0.913, kPercentDigit},
    {"AnomalyDetection", "mlperf_tiny_ad_autoencoder", "mlperf_tiny/ad01_x_f32.npy",
     "mlperf_tiny/ad01_y_u8.npy", "mlperf_tiny_ad", "auc", 0.880, kAucDigit},
    {"Mnist", "mnist_cntk", "mnist/t10k-images-idx3-ubyte.gz", "mnist/t10k-labels-idx1-ubyte.gz",
     "mnist_cntk", "top1", 0.984, kPercentDigit, 2000},
    {"MobilenetV1", "mobilenetv1_025_imagenet", "imagenet/ilsvrc2012_val650_227.tar", "",
     "mobilenetv1_025", "top1", 0.651, kPercentDigit},
    {"Squeezenet", "squeezenet11_imagenet", "imagenet/ilsvrc2012_val650_227.tar", "",
     "imagenet_torchvision", "top1", 0.692, kPercentDigit},
    {"MobilenetV2", "mobilenetv2_imagenet_fc8", "imagenet/ilsvrc2012_val650_227.tar", "",
     "imagenet_torchvision", "top1", 0.783, kPercentDigit},
};

std::string CalibrationOf(const Network& network, const std::string& root) {
  const std::string data = network.data;
  if (data.starts_with("cifar10/")) return root + "/cifar10/data_batch_1_first4000.bin";
  if (data.starts_with("imagenet/")) return root + "/imagenet/imagenet_sample1000_224.tar";
  return root + "/" + data;
}

class Networks : public ::testing::TestWithParam<Network> {};

TEST_P(Networks, FloatEqualsThePublishedResultAndEightBitsKeepIt) {
  const char* root = std::getenv("BITWRIGHT_DATA");
  if (root == nullptr || !std::filesystem::exists(std::string(root) + "/models")) {
    GTEST_SKIP() << "BITWRIGHT_DATA names no folder with models and data";
  }
  const Network& network = GetParam();
  const std::string data = std::string(root) + "/" + network.data;
  const Folder folder;
  const std::string out = folder.path("out");
  std::vector<std::string> line = {
      "quantize",     std::string(root) + "/models/" + network.model + ".onnx",
      "--data",       data,
      "--calib",      CalibrationOf(network, root),
      "--rounding",   "compensated",
      "--preprocess", ExamplePreprocess(network.preprocess),
      "--metric",     network.metric,
      "--limit",      std::to_string(network.limit),
      "-o",           out};
  if (*network.labels != '\0') {
    line = Join(line, {"--labels", std::string(root) + "/" + network.labels});
  }
  Succeed(line);
  const Json report = ReadJson(out + "/report.json");
  const double before = report["float"]["value"], after = report["quantized"]["value"];
  std::printf("%s: float %.4f, int8 %.4f on %d samples, %.1f s\n", network.model, before, after,
              report["float"]["images"].get<int>(), report["seconds"].get<double>());
  EXPECT_NEAR(before, network.expected, network.digit * 1.0001);
  EXPECT_LE(before - after, std::string(network.metric) == "auc" ? 0.003 : 0.01);
  ExpectHonestSize(out, report);
}

INSTANTIATE_TEST_SUITE_P(Real, Networks, ::testing::ValuesIn(kNetworks),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace bw::program
