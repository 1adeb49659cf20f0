#include "bitwright/runtime/lower.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

#include "bitwright/runtime/channels_last.h"
#include "bitwright/runtime/executor.h"
#include "bitwright/runtime/test_network.h"
#include "bitwright/runtime/test_outputs.h"

namespace bw {
namespace {

using testing_networks::Attrs;
using testing_networks::Network;
using testing_networks::Outputs;
using testing_networks::Random;

// How activations and weights are rounded.
struct Formats {
  const char *activation, *weight;
  LayerPath path = LayerPath::kInt8;  // that they lead to
};

class Builder {
 public:
  explicit Builder(const Formats& formats) : formats_(formats) {}

  ValueId Round(ValueId x, float scale, std::int64_t zero = 0) {
    const std::string name = "q" + std::to_string(next_++);
    const ValueId id = graph_.AddValue(name, {DType::kFloat32, {}});
    Attributes attributes = Attrs({{"spec", std::string(formats_.activation)}, {"scale", scale}});
    if (std::string(formats_.activation).ends_with(":asym")) attributes.Set("zero", zero);
    graph_.nodes.push_back({name, FindOp("FakeQuantize", "bitwright"), {x}, {id}, attributes});
    return id;
  }

  ValueId Conv(ValueId x, const Shape& weight, bool bias, Attributes attributes) {
    const std::string name = "conv" + std::to_string(next_++);
    const Tensor values = Random(weight, static_cast<std::uint64_t>(next_));
    const QuantSpec spec = QuantSpec::Parse(formats_.weight).value();
    const Grouping grouping = MakeGrouping(spec.grain, weight).value();
    QuantParams params;
    if (spec.two_level) params.tensor_scale = 0.0137F;
    for (std::int64_t g = 0; g < grouping.groups(); ++g) {
      const double spread = (1 + 0.13 * static_cast<double>(g % 7)) / spec.element.info().max;
      const auto value = spec.scale.Round(spread / static_cast<double>(params.tensor_scale));
      params.scales.push_back(static_cast<float>(value) * params.tensor_scale);
    }
    const QTensor codes = Quantize(values, spec, params).value();
    const ValueId w = graph_.AddConstant(name + ".weight", Dequantize(codes));
    graph_.value(w).quantized = codes;
    std::vector<ValueId> inputs = {x, w};
    if (bias) inputs.push_back(graph_.AddConstant(name + ".bias", Random({weight[0]}, 77)));
    return Op("Conv", std::move(inputs), name, std::move(attributes));
  }

  // A product by a weight [in, out] or, turned, [out, in]; the weight format's grain c0 or c1.
  ValueId Product(ValueId x, const std::string& op, const Shape& weight, Attributes attributes) {
    const ValueId y = Conv(x, weight, op == "Gemm", {});
    Node& node = graph_.nodes.back();
    node.op = FindOp(op);
    if (op == "Gemm") {
      const bool turned = attributes.Int("transB", 0) != 0;
      const std::int64_t channels = weight[turned ? 0 : 1];
      graph_.value(node.inputs[2]).constant = Random({channels}, 78);
    }
    node.attributes = std::move(attributes);
    return y;
  }

  ValueId Op(const std::string& op, std::vector<ValueId> inputs, const std::string& name,
             Attributes attributes = {}) {
    const ValueId id = graph_.AddValue(name, {DType::kFloat32, {}});
    graph_.nodes.push_back({name, FindOp(op), std::move(inputs), {id}, std::move(attributes)});
    return id;
  }

  Graph& graph() { return graph_; }

 private:
  Formats formats_;
  Graph graph_;
  int next_ = 0;
};

Attributes Window(std::int64_t pad, std::int64_t stride, std::int64_t dilation,
                  std::int64_t group) {
  return Attrs({{"pads", std::vector<std::int64_t>{pad, pad, pad, pad}},
                {"strides", std::vector<std::int64_t>{stride, stride}},
                {"dilations", std::vector<std::int64_t>{dilation, dilation}},
                {"group", group}});
}

// round -> conv 3x3 -> relu -> round -> depthwise -> clip -> round -> pointwise + shortcut; the
// second rounding is read by an addition as well.
Graph MobileBlock(const Formats& formats) {
  Builder net(formats);
  const ValueId x = net.graph().AddValue("x", {DType::kFloat32, {-1, 5, 9, 8}});
  net.graph().inputs = {x};
  const float reach =
      static_cast<float>(QuantSpec::Parse(formats.activation).value().element.info().max);
  const ValueId a =
      net.Conv(net.Round(x, 1.1F / reach, 3), {12, 5, 3, 3}, true, Window(1, 1, 1, 1));
  const ValueId ra = net.Round(net.Op("Relu", {a}, "ra"), 2.3F / reach, 1);
  const ValueId b = net.Conv(ra, {12, 1, 3, 3}, false, Window(2, 1, 2, 12));
  const ValueId low = net.graph().AddConstant("low", Tensor::From<float>({}, std::vector{-0.5F}));
  const ValueId high = net.graph().AddConstant("high", Tensor::From<float>({}, std::vector{3.0F}));
  const ValueId rb = net.Round(net.Op("Clip", {b, low, high}, "rb"), 3.1F / reach, 2);
  const ValueId c = net.Conv(rb, {12, 6, 1, 1}, true, Window(0, 1, 1, 2));
  const ValueId sum = net.Op("Add", {c, ra}, "sum");
  const ValueId d =
      net.Conv(net.Round(sum, 4.0F / reach, 0), {7, 12, 2, 3}, true, Window(1, 2, 1, 1));
  net.graph().outputs = {d, c};
  EXPECT_TRUE(Verify(net.graph()));
  return net.graph();
}

std::string NameOf(const ::testing::TestParamInfo<Formats>& tested) {
  std::string name = std::string(tested.param.activation) + "_" + tested.param.weight;
  const auto stands = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; };
  std::replace_if(name.begin(), name.end(), stands, '_');
  return name;
}

class LowerToIntegers : public ::testing::TestWithParam<Formats> {};

TEST_P(LowerToIntegers, RunsEveryLayerOnIntegers) {
  const Lowered lowered = bw::LowerToIntegers(MobileBlock(GetParam()));
  ASSERT_EQ(lowered.layers.size(), 4U);
  std::size_t expected = 0;
  for (const auto& [name, layer] : lowered.layers) {
    EXPECT_EQ(layer.reason, "") << name;
    EXPECT_NE(layer.path, LayerPath::kFloat32) << name;
    expected += layer.path == GetParam().path ? 1 : 0;
  }
  EXPECT_GT(expected, 0U);
  std::size_t byte_outputs = 0, floats = 0;
  for (const Node& node : lowered.graph.nodes) {
    if (node.op->name == "IntegerConv") byte_outputs += node.attributes.Has("spec") ? 1 : 0;
    floats += node.op->name == "Relu" || node.op->name == "Clip" ||
                      node.op->name == "FakeQuantize" || node.op->name == "Conv"
                  ? 1
                  : 0;
  }
  EXPECT_EQ(byte_outputs, 2U);
  EXPECT_EQ(floats, 0U);
}

TEST_P(LowerToIntegers, FastKernelsGiveTheReferencesBits) {
  const Graph graph = bw::LowerToIntegers(MobileBlock(GetParam())).graph;
  EXPECT_EQ(Outputs(graph, Backend::kFast), Outputs(graph, Backend::kReference));
}

TEST_P(LowerToIntegers, ChannelsLastGiveTheSameBits) {
  const Graph graph = bw::LowerToIntegers(MobileBlock(GetParam())).graph;
  const Graph last = ToChannelsLast(graph);
  const auto law = Outputs(graph, Backend::kReference);
  EXPECT_EQ(Outputs(last, Backend::kReference), law);
  EXPECT_EQ(Outputs(last, Backend::kFast), law);
}

// Sums in float of the same products differ in their last bits; a value that so lands on the other
// side of a tie moves by a step, seldom, and moves all outputs that it is seen by.
TEST_P(LowerToIntegers, AgreesWithTheArithmeticInFloats) {
  const Graph graph = MobileBlock(GetParam());
  const auto floats = Outputs(graph, Backend::kReference);
  const auto integers = Outputs(bw::LowerToIntegers(graph).graph, Backend::kReference);
  for (std::size_t i = 0; i < floats.size(); ++i) {
    ASSERT_EQ(floats[i].size(), integers[i].size());
    std::size_t far = 0;
    for (std::size_t j = 0; j < floats[i].size(); ++j)
      far += std::abs(floats[i][j] - integers[i][j]) > 1e-5F * (1 + std::abs(floats[i][j])) ? 1 : 0;
    EXPECT_LT(far, floats[i].size() / 8);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Formats, LowerToIntegers,
    ::testing::Values(Formats{"uint8", "int8:c0"}, Formats{"int8", "int8:c0:fp16"},
                      Formats{"uint8:asym", "int8:c0"}, Formats{"int8:asym", "dybit4:c0"},
                      Formats{"uint4:asym", "int4:t"}, Formats{"udybit4", "esb4_1:c0"},
                      Formats{"dybit4", "fixed5:c0"}, Formats{"uesb4_1", "exp4:c0"},
                      Formats{"int2", "ternary:c0"}, Formats{"e2m1", "e2m1:c0"},
                      Formats{"uint7:asym", "binary:c0"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    BlocksOfScales, LowerToIntegers,
    ::testing::Values(Formats{"uint8", "e2m1:m1x4:e8m0"}, Formats{"int8:asym", "e2m1:m1x4:e8m0"},
                      Formats{"uint8", "int3:m1x3:e8m0"},
                      Formats{"uint8", "int8:m1x4:e8m0", LayerPath::kBf16},
                      Formats{"uint8:asym", "e2m1:m1x4:e4m3fn*fp32", LayerPath::kBf16}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(WideIntegers, LowerToIntegers,
                         ::testing::Values(Formats{"uint9", "int8:c0", LayerPath::kSplitInt8},
                                           Formats{"int12", "int8:c0", LayerPath::kSplitInt8},
                                           Formats{"uint16:asym", "int8:c0", LayerPath::kSplitInt8},
                                           Formats{"int16", "fixed8:c0", LayerPath::kSplitInt8},
                                           Formats{"uint8", "int9:c0", LayerPath::kBf16},
                                           Formats{"uint8", "int10:c0", LayerPath::kSplitInt8},
                                           Formats{"uint8:asym", "int11:c0:fp16",
                                                   LayerPath::kSplitInt8},
                                           Formats{"int10", "int10:t", LayerPath::kSplitInt8},
                                           Formats{"fixed12", "int16:c0", LayerPath::kSplitInt8},
                                           Formats{"int8", "e4m3fn:c0", LayerPath::kSplitInt8}),
                         NameOf);

INSTANTIATE_TEST_SUITE_P(ShortSignificands, LowerToIntegers,
                         ::testing::Values(Formats{"esb5_1", "esb5_1:c0", LayerPath::kBf16},
                                           Formats{"dybit6", "dybit6:c0", LayerPath::kBf16},
                                           Formats{"e3m2", "e3m2:c0", LayerPath::kBf16},
                                           Formats{"e3m2", "int6:c0", LayerPath::kBf16},
                                           Formats{"uint8", "dybit6:c0", LayerPath::kBf16}),
                         NameOf);

TEST(ExactPath, RefusesManyBytesAndLongSums) {
  IntegerGrid grid{QuantSpec::Parse("int8").value()};
  IntegerWeights weights{Tensor(DType::kInt32, {1, 300000, 1, 1}), {1.0}};
  weights.integers.span<std::int32_t>()[0] = 1 << 17;
  weights.Finish();
  grid.dtype = DType::kInt32;
  grid.low = -70000;
  grid.high = 70000;
  grid.significand_bits = 17;
  EXPECT_EQ(
      ExactPath(grid, weights).error().message,
      "inputs are integers of 3 bytes and weights of 3, at most 4 products of bytes are taken");
  grid.dtype = DType::kInt8;
  weights = {Tensor(DType::kInt32, {1, 300000, 1, 1}), {1.0}};
  for (std::int32_t& x : weights.integers.span<std::int32_t>()) x = 127;
  weights.Finish();
  EXPECT_EQ(ExactPath(grid, weights).error().message, "sums of 300000 products may leave 32 bits");
}

TEST(LowerToIntegersRefuses, WhatHasNoExactSumsAndSaysWhy) {
  const auto reason = [](const Formats& formats) {
    const Lowered lowered = bw::LowerToIntegers(MobileBlock(formats));
    for (const auto& [name, layer] : lowered.layers) EXPECT_EQ(layer.path, LayerPath::kFloat32);
    return lowered.layers.begin()->second.reason;
  };
  EXPECT_EQ(reason({"fp16", "int8:c0"}),
            "inputs of fp16 are no integers of at most 20 bits of one unit");
  EXPECT_EQ(reason({"e5m2", "int8:c0"}),
            "inputs of e5m2 are no integers of at most 20 bits of one unit");
  const auto weights = [](const std::string& spec) {
    return "weights of " + spec +
           " are no integers of at most 20 bits of one unit in each output "
           "channel";
  };
  EXPECT_EQ(reason({"uint8", "nf4:c0"}), weights("nf4:c0"));
  EXPECT_EQ(reason({"uint8", "int8:m1x4"}), weights("int8:m1x4"));
  EXPECT_EQ(
      reason({"e4m3fn", "int16:c0"}),
      "inputs are integers of 3 bytes and weights of 2, at most 4 products of bytes are taken");
}

TEST(LowerToIntegersKeeps, AGridThroughMaxPool) {
  Builder net({"uint8", "int8:c0"});
  const ValueId x = net.graph().AddValue("x", {DType::kFloat32, {-1, 5, 9, 8}});
  net.graph().inputs = {x};
  const ValueId pooled = net.Op("MaxPool", {net.Round(x, 0.01F)}, "pooled",
                                Attrs({{"kernel_shape", std::vector<std::int64_t>{3, 2}},
                                       {"strides", std::vector<std::int64_t>{2, 1}},
                                       {"pads", std::vector<std::int64_t>{1, 0, 1, 1}}}));
  net.graph().outputs = {net.Conv(pooled, {4, 5, 3, 3}, true, Window(1, 1, 1, 1))};
  const Lowered lowered = bw::LowerToIntegers(net.graph());
  EXPECT_EQ(lowered.layers.begin()->second.path, LayerPath::kInt8);
  for (const Node& node : lowered.graph.nodes) EXPECT_NE(node.op->name, "MaxPool");
  EXPECT_EQ(Outputs(lowered.graph, Backend::kFast), Outputs(lowered.graph, Backend::kReference));
}

// Two roundings of other steps, joined, pooled and convolved.
TEST(LowerToIntegersSplits, AConvolutionOfAConcatOfSeveralRoundings) {
  for (const bool pools : {false, true}) {
    Builder net({"uint8", "int8:c0"});
    const ValueId x = net.graph().AddValue("x", {DType::kFloat32, {-1, 5, 9, 8}});
    net.graph().inputs = {x};
    const ValueId input = net.Round(x, 0.01F);
    const ValueId a = net.Round(net.Conv(input, {6, 5, 1, 1}, true, Window(0, 1, 1, 1)), 0.02F);
    const ValueId b = net.Round(net.Conv(input, {4, 5, 3, 3}, true, Window(1, 1, 1, 1)), 0.07F);
    ValueId joined = net.Op("Concat", {a, b}, "joined", Attrs({{"axis", std::int64_t{1}}}));
    if (pools) {
      joined = net.Op("MaxPool", {joined}, "pooled",
                      Attrs({{"kernel_shape", std::vector<std::int64_t>{2, 2}}}));
    }
    net.graph().outputs = {net.Conv(joined, {7, 10, 3, 3}, true, Window(1, 1, 1, 1))};
    const Lowered lowered = bw::LowerToIntegers(net.graph());
    ASSERT_EQ(lowered.layers.size(), 3U);
    for (const auto& [name, layer] : lowered.layers)
      EXPECT_EQ(layer.path, LayerPath::kInt8) << name << layer.reason;
    const auto law = Outputs(lowered.graph, Backend::kReference);
    EXPECT_EQ(Outputs(lowered.graph, Backend::kFast), law);
    EXPECT_EQ(Outputs(ToChannelsLast(lowered.graph), Backend::kFast), law);
    const auto floats = Outputs(net.graph(), Backend::kReference);
    for (std::size_t i = 0; i < floats[0].size(); ++i)
      EXPECT_NEAR(law[0][i], floats[0][i], 0.01F * (1 + std::abs(floats[0][i])));
  }
}

// round -> gemm [out, in] -> relu -> round -> gemm [in, out]; and a MatMul beside.
TEST(LowerToIntegersTakes, ProductsOfMatrices) {
  for (const bool turned : {true, false}) {
    Builder net({"uint8:asym", turned ? "int8:c0" : "int8:c1"});
    const ValueId x = net.graph().AddValue("x", {DType::kFloat32, {-1, 37}});
    net.graph().inputs = {x};
    const Attributes attributes = Attrs({{"transB", std::int64_t{turned ? 1 : 0}}});
    const auto shape = [&](std::int64_t in, std::int64_t out) {
      return turned ? Shape{out, in} : Shape{in, out};
    };
    const ValueId a = net.Product(net.Round(x, 0.02F, 30), "Gemm", shape(37, 50), attributes);
    const ValueId ra = net.Round(net.Op("Relu", {a}, "ra"), 0.05F, 3);
    const ValueId b = net.Product(ra, "Gemm", shape(50, 11), attributes);
    net.graph().outputs = {b};
    ASSERT_TRUE(Verify(net.graph()));
    const Lowered lowered = bw::LowerToIntegers(net.graph());
    for (const auto& [name, layer] : lowered.layers)
      EXPECT_EQ(layer.path, LayerPath::kInt8) << name << layer.reason;
    const Tensor input = Random({70, 37}, 9);
    const auto run = [&](const Graph& graph, Backend backend) {
      Executor executor = Executor::Create(graph, {input.shape()}, {backend, false}).value();
      executor.Run(std::vector<ConstTensorRef>{input});
      const auto values = executor.Output(0).span<float>();
      return std::vector<float>(values.begin(), values.end());
    };
    const std::vector<float> fast = run(lowered.graph, Backend::kFast);
    EXPECT_EQ(fast, run(lowered.graph, Backend::kReference));
    const std::vector<float> floats = run(net.graph(), Backend::kReference);
    std::size_t far = 0;
    for (std::size_t i = 0; i < fast.size(); ++i)
      far += std::abs(fast[i] - floats[i]) > 1e-5F * (1 + std::abs(floats[i])) ? 1 : 0;
    EXPECT_LT(far, fast.size() / 50 + 1);
  }
}

// Sums of a large plane are made strip by strip.
TEST(LowerToIntegersCuts, LargePointwiseConvolutionsIntoStrips) {
  for (const bool to_bytes : {false, true}) {
    Builder net({"uint8", "int8:c0"});
    const ValueId x = net.graph().AddValue("x", {DType::kFloat32, {-1, 3, 42, 40}});
    net.graph().inputs = {x};
    ValueId y = net.Conv(net.Round(x, 0.01F), {65, 3, 1, 1}, true, Window(0, 1, 1, 1));
    if (to_bytes) y = net.Conv(net.Round(y, 0.02F), {3, 65, 1, 1}, true, Window(0, 1, 1, 1));
    net.graph().outputs = {y};
    const Graph graph = bw::LowerToIntegers(net.graph()).graph;
    const Tensor input = Random({2, 3, 42, 40}, 9);
    std::vector<std::vector<float>> outputs;
    for (const Backend backend : {Backend::kFast, Backend::kReference}) {
      Executor executor = Executor::Create(graph, {input.shape()}, {backend, false}).value();
      executor.Run(std::vector<ConstTensorRef>{input});
      const auto values = executor.Output(0).span<float>();
      outputs.emplace_back(values.begin(), values.end());
    }
    EXPECT_EQ(outputs[0], outputs[1]);
  }
}

}  // namespace
}  // namespace bw
