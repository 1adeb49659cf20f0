// The published TensorFlow Lite files on real data: the float ones agree with their ONNX twins,
// the int8 ones reach the accuracy that their publisher states.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "bitwright/data/dataset.h"
#include "bitwright/data/metric.h"
#include "bitwright/onnx/import.h"
#include "bitwright/runtime/executor.h"
#include "bitwright/tflite/import.h"
#include "tests/e2e/report.h"

namespace bw::program {
namespace {

std::string Root() {
  const char* root = std::getenv("BITWRIGHT_DATA");
  if (root == nullptr || !std::filesystem::exists(std::string(root) + "/tflite")) return {};
  return root;
}

#define SKIP_WITHOUT_DATA()                                                      \
  if (Root().empty()) {                                                          \
    GTEST_SKIP() << "BITWRIGHT_DATA names no folder with TensorFlow Lite files"; \
  }

template <typename T>
T Must(Expected<T> expected) {
  if (!expected) {
    ADD_FAILURE() << expected.error().message;
    std::abort();
  }
  return *std::move(expected);
}

// The outputs for the first samples of a set.
Tensor Outputs(const Graph& graph, const Tensor& samples) {
  const std::vector<Shape> shapes = {samples.shape()};
  Executor executor = Must(Executor::Create(graph, shapes, {}));
  const std::vector<ConstTensorRef> inputs = {samples};
  executor.Run(inputs);
  const ConstTensorRef output = executor.Output(0);
  return Tensor::From<float>(output.shape, output.span<float>());
}

Tensor Samples(const std::string& name, const std::string& layout, double scale,
               std::size_t count) {
  Preprocess preprocess;
  preprocess.scale = scale;
  preprocess.layout = layout;
  preprocess.stored_layout = "nhwc";
  const Dataset data = Must(Dataset::Open(Root() + "/mlperf_tiny/" + name, "", preprocess));
  return Must(data.Batch(0, std::min(count, data.size())));
}

struct Twin {
  const char* name;  // of the test
  const char* tflite;
  const char* onnx;
  const char* data;
  double scale;
};

class Twins : public ::testing::TestWithParam<Twin> {};

TEST_P(Twins, TheFloatFileGivesTheOutputsOfItsOnnxTwin) {
  SKIP_WITHOUT_DATA();
  const Twin& twin = GetParam();
  const Graph lite = Must(ImportTflite(Root() + "/tflite/" + twin.tflite));
  const Graph onnx = Must(ImportOnnx(Root() + "/models/" + twin.onnx));
  const Tensor a = Outputs(lite, Samples(twin.data, "nhwc", twin.scale, 100));
  const Tensor b = Outputs(onnx, Samples(twin.data, "nchw", twin.scale, 100));
  ASSERT_EQ(a.shape(), b.shape());
  float worst = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(a.size()); ++i) {
    worst = std::max(worst, std::abs(a.span<float>()[i] - b.span<float>()[i]));
  }
  std::printf("%s: outputs differ by at most %.2g\n", twin.name, static_cast<double>(worst));
  EXPECT_LE(worst, 1e-5F);
}

INSTANTIATE_TEST_SUITE_P(Real, Twins,
                         ::testing::Values(Twin{"ImageClassification", "pretrainedResnet.tflite",
                                                "mlperf_tiny_ic_resnet8.onnx", "ic01_x_u8_nhwc.npy",
                                                1},
                                           Twin{"VisualWakeWords", "vww_96_float.tflite",
                                                "mlperf_tiny_vww_mobilenetv1_025.onnx",
                                                "vww01_x_u8_nhwc.npy", 1.0 / 255}),
                         [](const auto& entry) { return entry.param.name; });

struct Published {
  const char* name;  // of the test
  const char* model;
  const char* data;
  const char* labels;
  const char* preprocess;
  const char* metric;
  double expected;  // at least
};

class Integer : public ::testing::TestWithParam<Published> {};

TEST_P(Integer, TheInt8FileReachesItsPublishedAccuracy) {
  SKIP_WITHOUT_DATA();
  const Published& network = GetParam();
  const std::string tiny = Root() + "/mlperf_tiny/";
  std::vector<std::string> line = {"eval",         Root() + "/tflite/" + network.model,
                                   "--data",       tiny + network.data,
                                   "--labels",     tiny + network.labels,
                                   "--preprocess", ExamplePreprocess(network.preprocess),
                                   "--metric",     network.metric,
                                   "--json"};
  const bool image = std::string(network.data).find("nhwc") != std::string::npos;
  if (image) line = Join(line, {"--layout", "nhwc"});
  const Outcome outcome = RunProgram(line);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  std::printf("%s: %s\n", network.model, outcome.out.c_str());
  EXPECT_GE(Json::parse(outcome.out)["value"].get<double>(), network.expected);
}

TEST(Formats, AreComparedOnAWeightOfATfliteFile) {
  SKIP_WITHOUT_DATA();
  const Outcome outcome = RunProgram({"formats", "compare", "int8:c0", "int4:c0", "--on",
                                      Root() + "/tflite/vww_96_float.tflite", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json scores = Json::parse(outcome.out);
  EXPECT_EQ(scores[0]["spec"], "int8:c0");
  EXPECT_GT(scores[0]["sqnr_db"].get<double>(), 30);
}

INSTANTIATE_TEST_SUITE_P(
    Real, Integer,
    ::testing::Values(Published{"ImageClassification", "pretrainedResnet_quant.tflite",
                                "ic01_x_u8_nhwc.npy", "ic01_y_u8.npy", "mlperf_tiny_ic", "top1",
                                0.85},
                      Published{"VisualWakeWords", "vww_96_int8.tflite", "vww01_x_u8_nhwc.npy",
                                "vww01_y_u8.npy", "mlperf_tiny_vww", "top1", 0.80},
                      Published{"KeywordSpotting", "kws_ref_model.tflite", "kws01_x_i8.npy",
                                "kws01_y_u8.npy", "mlperf_tiny_kws", "top1", 0.90},
                      Published{"AnomalyDetection", "ad01_int8.tflite", "ad01_x_f32.npy",
                                "ad01_y_u8.npy", "mlperf_tiny_ad", "auc", 0.85}),
    [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace bw::program
