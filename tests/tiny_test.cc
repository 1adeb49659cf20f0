// The whole pipeline in a few seconds: a small network is imported, calibrated, quantized, exported
// and tuned. It gates each commit.

#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "bitwright/base/rng.h"
#include "bitwright/export/export_onnx.h"
#include "bitwright/onnx/import.h"
#include "bitwright/onnx/model_test.h"
#include "bitwright/quant/apply.h"
#include "bitwright/quant/evaluate.h"
#include "bitwright/quant/pass.h"
#include "bitwright/quant/spec_for.h"
#include "bitwright/tune/tune.h"
#include "tests/support/glyph_files.h"
#include "tests/support/program.h"

namespace bw {
namespace {

constexpr std::int64_t kFeatures = 8, kHidden = 16, kClasses = 3;
constexpr std::size_t kSamples = 120;

std::vector<float> Normals(std::size_t count, std::uint64_t seed, double scale) {
  Rng rng(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(rng.Normal() * scale);
  return values;
}

// What the network computes, in double and without the code under test.
struct Oracle {
  std::vector<float> w1 = Normals(kFeatures * kHidden, 1, 0.5), b1 = Normals(kHidden, 2, 0.1);
  std::vector<float> w2 = Normals(kHidden * kClasses, 3, 0.5), b2 = Normals(kClasses, 4, 0.1);

  std::vector<double> Outputs(std::span<const float> x) const {
    std::vector<double> logits(b2.begin(), b2.end());
    for (std::size_t h = 0; h < kHidden; ++h) {
      double sum = b1[h];
      for (std::size_t i = 0; i < kFeatures; ++i) sum += double{x[i]} * w1[i * kHidden + h];
      for (std::size_t c = 0; c < kClasses; ++c) {
        logits[c] += std::max(sum, 0.0) * w2[h * kClasses + c];
      }
    }
    return logits;
  }
  std::size_t Class(std::span<const float> x) const {
    const std::vector<double> y = Outputs(x);
    return static_cast<std::size_t>(std::max_element(y.begin(), y.end()) - y.begin());
  }
};

std::string ModelBytes(const Oracle& oracle) {
  TestModel model(13);
  model.Input("x", {-1, kFeatures}).Output("y");
  model.Floats("w1", {kFeatures, kHidden}, oracle.w1).Floats("b1", {kHidden}, oracle.b1);
  model.Floats("w2", {kHidden, kClasses}, oracle.w2).Floats("b2", {kClasses}, oracle.b2);
  model.Node("Gemm", {"x", "w1", "b1"}, {"h"}, "first");
  model.Node("Relu", {"h"}, {"r"}, "relu");
  model.Node("Gemm", {"r", "w2", "b2"}, {"y"}, "second");
  return model.Bytes();
}

template <typename T>
std::string Raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// The network in the program's hands, and its labelled samples on disk.
class Tiny : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::size_t i = 0; i < kSamples; ++i) {
      const auto x = std::span<const float>(samples_).subspan(i * kFeatures, kFeatures);
      labels_.push_back(static_cast<std::uint8_t>(oracle_.Class(x)));
    }
    const std::string x = folder_.Put("x.npy", program::NpyBytes("<f4", "(120, 8)", Raw(samples_)));
    const std::string y = folder_.Put("y.npy", program::NpyBytes("|u1", "(120,)", Raw(labels_)));
    Expected<Graph> graph = ImportOnnxBytes(ModelBytes(oracle_), "", "tiny.onnx");
    ASSERT_TRUE(graph.has_value()) << graph.error().message;
    graph_ = *std::move(graph);
    ASSERT_TRUE(RunPasses(graph_).has_value());
    Expected<Dataset> data = Dataset::Open(x, y, {});
    ASSERT_TRUE(data.has_value()) << data.error().message;
    data_ = *std::move(data);
    Expected<QuantTargets> targets = FindTargets(graph_);
    ASSERT_TRUE(targets.has_value());
    targets_ = *std::move(targets);
  }

  // Every weight and activation under these specs.
  Plan MakePlan(const char* weights, const char* activations) const {
    const auto statistics = Calibrate(graph_, targets_, data_, 1, 2);
    EXPECT_TRUE(statistics.has_value());
    Plan plan;
    plan.network = Fingerprint(targets_);
    for (std::size_t t = 0; t < targets_.tensors.size(); ++t) {
      const QuantTarget& target = targets_.tensors[t];
      const Expected<QuantSpec> spec = target.kind == TargetKind::kWeight
                                           ? WeightSpec(weights, target)
                                           : ActivationSpec(activations, (*statistics)[t]);
      EXPECT_TRUE(spec.has_value()) << spec.error().message;
      plan.tensors.emplace(target.name, TensorPlan{*spec, "mse", std::nullopt});
    }
    EXPECT_TRUE(FixScales(plan, targets_, *statistics).has_value());
    return plan;
  }

  Oracle oracle_;
  std::vector<float> samples_ = Normals(kSamples * kFeatures, 5, 1);
  std::vector<std::uint8_t> labels_;
  program::Folder folder_;
  Graph graph_;
  Dataset data_;
  QuantTargets targets_;
};

std::vector<float> RunAll(const Graph& graph, const std::vector<float>& samples) {
  const Tensor input = Tensor::From({static_cast<std::int64_t>(kSamples), kFeatures}, samples);
  Expected<Executor> executor = Executor::Create(graph, {input.shape()}, {});
  EXPECT_TRUE(executor.has_value());
  const ConstTensorRef reference = input;
  executor->Run({&reference, 1});
  const auto out = executor->Output(0).span<float>();
  return {out.begin(), out.end()};
}

TEST_F(Tiny, TheImportedNetworkComputesWhatTheModelSays) {
  const std::vector<float> out = RunAll(graph_, samples_);
  ASSERT_EQ(out.size(), kSamples * kClasses);
  for (std::size_t i = 0; i < kSamples; ++i) {
    const auto x = std::span<const float>(samples_).subspan(i * kFeatures, kFeatures);
    const std::vector<double> expected = oracle_.Outputs(x);
    for (std::size_t c = 0; c < kClasses; ++c) {
      EXPECT_NEAR(out[i * kClasses + c], expected[c], 1e-4) << i << " " << c;
    }
  }
}

TEST_F(Tiny, EightBitsKeepTheAccuracyAndTwoBitsDoNot) {
  const Metric* top1 = FindMetric("top1");
  Expected<Evaluator> evaluator = Evaluator::Create(graph_, data_, *top1, {2});
  ASSERT_TRUE(evaluator.has_value()) << evaluator.error().message;
  EXPECT_EQ(evaluator->float_result().value, 1);
  EXPECT_EQ(evaluator->float_result().images, kSamples);
  double value[2] = {};
  const char* specs[] = {"int8", "int2:t"};
  for (int i = 0; i < 2; ++i) {
    const Plan plan = MakePlan(specs[i], i == 0 ? "int8" : "int2");
    const Expected<Graph> quantized = ApplyPlan(graph_, targets_, plan);
    ASSERT_TRUE(quantized.has_value()) << quantized.error().message;
    value[i] = evaluator->RunGraph(*quantized, {2})->value;
  }
  EXPECT_GE(value[0], 0.97);
  EXPECT_LT(value[1], 0.97);
}

TEST_F(Tiny, APlanSurvivesItsJsonAndFitsItsNetworkOnly) {
  const Plan plan = MakePlan("dybit4:c:fp16", "uint8:asym");
  const Expected<Plan> read = PlanFromJson(PlanToJson(plan), "plan.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(PlanToJson(*read), PlanToJson(plan));
  EXPECT_TRUE(CheckPlan(*read, targets_, "plan.json").has_value());
  QuantTargets others = targets_;
  others.tensors[0].shape[0] += 1;
  EXPECT_FALSE(CheckPlan(*read, others, "plan.json").has_value());
}

TEST_F(Tiny, TheExportedFileIsValidOnnxWithPackedWeights) {
  const Expected<Graph> quantized = ApplyPlan(graph_, targets_, MakePlan("int3:c:fp32", "int8"));
  ASSERT_TRUE(quantized.has_value());
  const Expected<std::string> bytes = ExportOnnx(*quantized);
  ASSERT_TRUE(bytes.has_value()) << bytes.error().message;
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(*bytes));
  EXPECT_NO_THROW(onnx::checker::check_model(model));
  EXPECT_EQ(model.graph().input(0).name(), "x");
  EXPECT_EQ(model.graph().output(0).name(), "y");
  std::set<std::int64_t> byte_sizes;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    if (tensor.data_type() != onnx::TensorProto::UINT8) continue;
    std::int64_t size = 1;
    for (const std::int64_t extent : tensor.dims()) size *= extent;
    byte_sizes.insert(size);
  }
  EXPECT_TRUE(byte_sizes.contains(kFeatures * kHidden * 3 / 8)) << "w1 in 3 bits an element";
  EXPECT_TRUE(byte_sizes.contains(kHidden * kClasses * 3 / 8)) << "w2 in 3 bits an element";
}

TEST_F(Tiny, TuningKeepsItsBoundAndReportsWhatItMeasured) {
  const Expected<TuneData> split = SplitData({data_, std::nullopt, std::nullopt}, 1);
  ASSERT_TRUE(split.has_value());
  TuneOptions options;
  options.max_drop = 0.05;
  options.weight_formats = options.activation_formats = *ParseFormatList("int4,int6,int8");
  options.evaluations = 12;
  options.threads = 2;
  std::size_t saved = 0;
  const auto save = [&](const Plan& plan, const auto&...) -> Expected<void> {
    EXPECT_FALSE(plan.tensors.empty());
    ++saved;
    return {};
  };
  const Expected<TuneResult> result =
      Tune(graph_, targets_, *split, *FindMetric("top1"), options, save);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_TRUE(result->feasible);
  EXPECT_GE(saved, 1U);
  EXPECT_LE(result->search_drop, options.max_drop);
  Expected<Evaluator> test = Evaluator::Create(graph_, split->test, *FindMetric("top1"), {1});
  ASSERT_TRUE(test.has_value());
  EXPECT_EQ(test->RunGraph(result->quantized, {1})->value, result->quantized_test.value);
  const Sizes sizes = PlanSizes(targets_, result->plan);
  EXPECT_LT(sizes.weight_bytes, sizes.weight_float_bytes / 3);
}

}  // namespace
}  // namespace bw
