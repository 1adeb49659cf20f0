// What is quantized in trained networks: counts that follow from their published architectures.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "bitwright/onnx/import.h"
#include "bitwright/quant/pass.h"
#include "bitwright/quant/targets.h"

namespace bw {
namespace {

struct Known {
  const char* file;
  std::size_t weights;           // convolutions and matrix products
  std::int64_t weight_elements;  // in them
  std::int64_t outputs;          // elements of the result of one sample
};

constexpr Known kNetworks[] = {
    // 5x5x1x8, 5x5x8x16, 256x10
    {"mnist_cntk", 3, 200 + 3200 + 2560, 10},
    // 3x3x3x16; 6 of 3x3x16x16; 3x3x16x32, 5 of 3x3x32x32; 3x3x32x64, 5 of 3x3x64x64; 64x10
    {"cifar10_resnet20", 20, 432 + 6 * 2304 + 4608 + 5 * 9216 + 18432 + 5 * 36864 + 640, 10},
    // as above, one stack of two layers a stage, 1x1 shortcuts of 512 and 2048
    {"mlperf_tiny_ic_resnet8", 10,
     432 + 2 * 2304 + (4608 + 9216 + 512) + (18432 + 36864 + 2048) + 640, 10},
};

class RealNetwork : public ::testing::TestWithParam<Known> {};

TEST_P(RealNetwork, HasTheWeightsOfItsArchitecture) {
  const char* folder = std::getenv("BITWRIGHT_DATA");
  const std::string path = std::string(folder == nullptr ? "../shared/data" : folder) + "/models/" +
                           GetParam().file + ".onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there; set BITWRIGHT_DATA";
  Expected<Graph> graph = ImportOnnx(path);
  ASSERT_TRUE(graph.has_value()) << graph.error().message;
  ASSERT_TRUE(RunPasses(*graph).has_value());
  for (const Node& node : graph->nodes) EXPECT_NE(node.op->name, "BatchNormalization");
  const QuantTargets targets = FindTargets(*graph).value();
  const std::vector<std::size_t> weights = targets.Of(TargetKind::kWeight);
  std::int64_t elements = 0;
  for (const std::size_t t : weights) elements += targets.tensors[t].elements;
  EXPECT_EQ(weights.size(), GetParam().weights);
  EXPECT_EQ(elements, GetParam().weight_elements);
  EXPECT_EQ(targets.float_activation_elements % GetParam().outputs, 0);
  EXPECT_LE(targets.float_activation_elements, 2 * GetParam().outputs);  // scores, probabilities
  EXPECT_EQ(targets.tensors.front().value, graph->inputs[0]);
  for (const std::size_t t : targets.Of(TargetKind::kActivation)) {
    EXPECT_EQ(targets.tensors[t].shape.at(0), 1) << targets.tensors[t].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, RealNetwork, ::testing::ValuesIn(kNetworks),
                         [](const auto& known) { return std::string(known.param.file); });

}  // namespace
}  // namespace bw
