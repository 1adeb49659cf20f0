#include <algorithm>
#include <cmath>
#include <filesystem>

#include "bitwright/base/file.h"
#include "bitwright/graph/infer.h"
#include "bitwright/graph/op.h"
#include "bitwright/onnx/import.h"
#include "bitwright/runtime/executor.h"
#include "cases.h"

namespace bw::interop {
namespace {

constexpr std::size_t kImages = 100;
constexpr std::size_t kPlane = 32 * 32;
constexpr std::size_t kRecord = 1 + 3 * kPlane;  // CIFAR-10 binary: label, red, green, blue

Tensor CifarImages(const std::string& bytes) {
  constexpr float kMean[] = {0.485F, 0.456F, 0.406F}, kDeviation[] = {0.229F, 0.224F, 0.225F};
  BW_CHECK(bytes.size() >= kImages * kRecord);
  Tensor images(DType::kFloat32, {kImages, 3, 32, 32});
  const auto out = images.span<float>();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t image = i / (3 * kPlane), rest = i % (3 * kPlane), channel = rest / kPlane;
    const auto byte = static_cast<unsigned char>(bytes[image * kRecord + 1 + rest]);
    out[i] = (static_cast<float>(byte) / 255.0F - kMean[channel]) / kDeviation[channel];
  }
  return images;
}

float GreatestMagnitude(ConstTensorRef tensor) {
  float greatest = 0;
  for (const float x : tensor.span<float>()) greatest = std::max(greatest, std::fabs(x));
  return greatest;
}

// Quantizes the weight of every compute node, and what flows into it to `activation`.
Graph QuantizeAll(const Graph& graph, const Tensor& input, const QuantSpec& weight,
                  const QuantSpec& activation) {
  auto executor = Executor::Create(graph, {input.shape()}, {.keep_values = true});
  BW_CHECK(executor.has_value());
  executor->Run(std::vector<ConstTensorRef>{input});
  Graph result = graph;
  result.nodes.clear();
  std::map<ValueId, ValueId> rounded;
  for (Node node : graph.nodes) {
    const int at = node.op->weight_input;
    if (at >= 0 && result.value(node.inputs[static_cast<std::size_t>(at)]).constant) {
      Value& constant = result.value(node.inputs[static_cast<std::size_t>(at)]);
      SetQuantized(constant, QuantizeByMax(*constant.constant, weight));
      ValueId& data = node.inputs[0];
      if (!rounded.contains(data)) {
        const float scale = GreatestMagnitude(executor->ValueOf(data)) /
                            static_cast<float>(activation.element.info().max);
        rounded[data] = AddFakeQuantize(result, data, activation, scale);
      }
      data = rounded[data];
    }
    result.nodes.push_back(std::move(node));
  }
  return result;
}

void AddNetwork(const std::string& path, const Tensor& images, std::vector<Case>& cases) {
  const auto graph = ImportOnnx(path);
  if (!graph) fmt::print(stderr, "{}\n", graph.error().message);
  BW_CHECK(graph.has_value());
  for (const auto& [weight, activation] :
       std::vector<std::pair<std::string, std::string>>{{"int8:c0", "int8"},
                                                        {"int5:c0:fp16", "int6"},
                                                        {"dybit6:c0", "dybit8"},
                                                        {"esb6_2", "esb8_4"},
                                                        {"e4m3fn:c0", "e4m3fn"},
                                                        {"fixed8", "fp16"}}) {
    const auto name =
        fmt::format("{}-{}-{}", std::filesystem::path(path).stem().string(), weight, activation);
    cases.push_back(
        {name,
         QuantizeAll(*graph, images, *QuantSpec::Parse(weight), *QuantSpec::Parse(activation)),
         images, "deep"});
  }
}

}  // namespace

std::vector<Case> NetworkCases(const std::string& data) {
  std::vector<Case> cases;
  const auto bytes = ReadFile(data + "/cifar10/test_batch_first1000.bin");
  if (!bytes) return cases;
  AddNetwork(data + "/models/cifar10_resnet20.onnx", CifarImages(*bytes), cases);
  return cases;
}

}  // namespace bw::interop
