// Networks as they are found in the world.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "bitwright/onnx/import.h"

namespace bw {
namespace {

std::string ModelPath(const std::string& name) {
  const char* data = std::getenv("BITWRIGHT_DATA");
  return fmt::format("{}/models/{}.onnx", data == nullptr ? "../shared/data" : data, name);
}

struct Expectation {
  const char* name;
  Shape input, output;
};
void PrintTo(const Expectation& e, std::ostream* out) { *out << e.name; }

class RealModels : public testing::TestWithParam<Expectation> {};

TEST_P(RealModels, ImportWithTheirShapes) {
  const std::string path = ModelPath(GetParam().name);
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  const auto graph = ImportOnnx(path);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->inputs.size(), 1u);
  EXPECT_EQ(graph->value(graph->inputs[0]).type.shape, GetParam().input);
  EXPECT_EQ(graph->value(graph->outputs[0]).type.shape, GetParam().output);
}

INSTANTIATE_TEST_SUITE_P(
    Import, RealModels,
    testing::Values(Expectation{"cifar10_resnet20", {-1, 3, 32, 32}, {-1, 10}},
                    Expectation{"cifar10_resnet32", {-1, 3, 32, 32}, {-1, 10}},
                    Expectation{"cifar10_samplenet", {1, 3, 32, 32}, {1, 10}},
                    Expectation{"mlperf_tiny_ic_resnet8", {-1, 3, 32, 32}, {-1, 10}},
                    Expectation{"mlperf_tiny_vww_mobilenetv1_025", {-1, 3, 96, 96}, {-1, 2}},
                    Expectation{"mlperf_tiny_kws_dscnn", {-1, 1, 49, 10}, {-1, 12}},
                    Expectation{"mlperf_tiny_ad_autoencoder", {-1, 640}, {-1, 640}},
                    Expectation{"mnist_cntk", {1, 1, 28, 28}, {1, 10}},
                    Expectation{"mobilenetv1_025_imagenet", {-1, 3, 224, 224}, {-1, 1000}},
                    Expectation{"mobilenetv2_imagenet_fc8", {-1, 3, 224, 224}, {-1, 1000}},
                    Expectation{"squeezenet11_imagenet", {-1, 3, 224, 224}, {-1, 1000}},
                    Expectation{"mobilenetv2-12-int8_zoo", {-1, 3, 224, 224}, {-1, 1000}},
                    Expectation{"ultraface_rfb320", {1, 3, 240, 320}, {1, 4420, 2}}));

}  // namespace
}  // namespace bw
