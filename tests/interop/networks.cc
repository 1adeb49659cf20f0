#include <algorithm>
#include <cmath>
#include <filesystem>

#include "bitwright/base/file.h"
#include "bitwright/graph/infer.h"
#include "bitwright/graph/op.h"
#include "bitwright/onnx/import.h"
#include "bitwright/quant/apply.h"
#include "bitwright/quant/pass.h"
#include "bitwright/quant/spec_for.h"
#include "bitwright/runtime/executor.h"
#include "cases.h"
#include "tests/support/glyph_files.h"

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

template <typename T>
T Must(Expected<T> result) {
  if (!result) fmt::print(stderr, "{}\n", result.error().message);
  BW_CHECK(result.has_value());
  return *std::move(result);
}

// The embedded example as quantize and tune see it: BatchNormalization folded, statistics of its
// own images.
struct Example {
  Graph graph;
  QuantTargets targets;
  std::vector<ActivationStatistics> statistics;
  Tensor images;
};

Example MakeExample() {
  const program::Folder folder;
  const program::GlyphSet set(folder, 21, 300);
  Graph graph = Must(ImportOnnx(program::GlyphNetwork()));
  BW_CHECK(RunPasses(graph).has_value());
  const Preprocess preprocess = Must(
      Preprocess::FromJson(Must(ReadFile(program::GlyphPreprocess())), program::GlyphPreprocess()));
  const Dataset data = Must(Dataset::Open(set.images, set.labels, preprocess));
  QuantTargets targets = Must(FindTargets(graph));
  auto statistics = Must(Calibrate(graph, targets, data, 1, 0));
  Tensor images = Must(data.Batch(0, kImages));
  return {std::move(graph), std::move(targets), std::move(statistics), std::move(images)};
}

// The k-th weight gets the k-th spec of `weights`, and so the activations, each list in a ring;
// fp32 stays float.
Case ExampleCase(const Example& example, const std::string& name,
                 const std::vector<std::string>& weights,
                 const std::vector<std::string>& activations, const std::string& rule) {
  Plan plan;
  plan.network = Fingerprint(example.targets);
  std::size_t count[2] = {};
  for (std::size_t t = 0; t < example.targets.tensors.size(); ++t) {
    const QuantTarget& target = example.targets.tensors[t];
    const bool weight = target.kind == TargetKind::kWeight;
    const std::vector<std::string>& ring = weight ? weights : activations;
    const std::string& text = ring[count[weight ? 0 : 1]++ % ring.size()];
    if (text == "fp32") continue;
    QuantSpec spec =
        Must(weight ? WeightSpec(text, target) : ActivationSpec(text, example.statistics[t]));
    plan.tensors.emplace(target.name, TensorPlan{std::move(spec), "mse", std::nullopt});
  }
  BW_CHECK(FixScales(plan, example.targets, example.statistics).has_value());
  return {"glyphs-" + name, Must(ApplyPlan(example.graph, example.targets, plan)), example.images,
          rule};
}

void AddExample(std::vector<Case>& cases) {
  const Example example = MakeExample();
  const auto add = [&](const std::string& name, const std::vector<std::string>& weights,
                       const std::vector<std::string>& activations, const std::string& rule) {
    cases.push_back(ExampleCase(example, name, weights, activations, rule));
  };
  add("float", {"fp32"}, {"fp32"}, "network");
  add("weights", {"int3:fp16", "dybit4", "esb5_2", "e2m1", "fixed4", "int8:asym"}, {"fp32"},
      "network");
  add("w8a8", {"int8"}, {"int8"}, "deep");
  add("w4a6", {"int4:fp16"}, {"int6:asym"}, "deep");
  add("mixed", {"int5:fp16", "dybit6", "esb6_2", "e3m2", "fixed6"},
      {"int8", "dybit8", "e4m3fn", "esb8_4", "int7:asym"}, "deep");
}

}  // namespace

std::vector<Case> NetworkCases(const std::string& data) {
  std::vector<Case> cases;
  AddExample(cases);
  const auto bytes = ReadFile(data + "/cifar10/test_batch_first1000.bin");
  if (!bytes) return cases;
  AddNetwork(data + "/models/cifar10_resnet20.onnx", CifarImages(*bytes), cases);
  return cases;
}

}  // namespace bw::interop
