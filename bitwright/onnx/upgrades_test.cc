// Each upgrade judged by numbers: the operator runs on constants, folding computes it, and the
// result is compared with what ONNX's text of that opset says, worked out by hand.

#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/onnx/model_test.h"

namespace bw {
namespace {

using Floats = std::vector<float>;

// A model whose value "y" depends on constants alone; the input "unused" makes it a legal network.
TestModel Constants(int opset) {
  TestModel model(opset);
  model.Input("unused", {1, 1}).Output("y").Output("same");
  model.Node("Identity", {"unused"}, {"id"}).Node("Identity", {"id"}, {"same"});
  return model;
}

struct Result {
  Shape shape;
  Floats elements;
  friend bool operator==(const Result&, const Result&) = default;
};
void PrintTo(const Result& result, std::ostream* out) {
  *out << ShapeText(result.shape) << " " << testing::PrintToString(result.elements);
}

Result Computed(const TestModel& model) {
  const auto graph = model.Import();
  if (!graph) {
    ADD_FAILURE() << graph.error().message;
    return {};
  }
  const Value& value = graph->value(graph->outputs[0]);
  if (!value.constant) {
    ADD_FAILURE() << "not folded:\n" << ToText(*graph);
    return {};
  }
  const auto elements = value.constant->span<float>();
  return {value.constant->shape(), Floats(elements.begin(), elements.end())};
}

TEST(ClipUpgrade, TurnsBoundsIntoInputs) {
  const auto model = [] {
    TestModel m = Constants(7);
    m.Floats("x", {4}, {-5, -1, 1, 5}).Node("Clip", {"x"}, {"y"});
    return m;
  };
  EXPECT_EQ(Computed(model().Float("min", -2).Float("max", 3)), (Result{{4}, {-2, -1, 1, 3}}));
  EXPECT_EQ(Computed(model().Float("max", 3)), (Result{{4}, {-5, -1, 1, 3}}));
  EXPECT_EQ(Computed(model().Float("min", -2)), (Result{{4}, {-2, -1, 1, 5}}));
}

TEST(PadUpgrade, TurnsPadsAndValueIntoInputs) {
  TestModel model = Constants(7);
  model.Floats("x", {1, 2}, {1, 2}).Node("Pad", {"x"}, {"y"});
  EXPECT_EQ(Computed(model.IntList("pads", {1, 0, 0, 1}).Float("value", 9)),
            (Result{{2, 3}, {9, 9, 9, 1, 2, 9}}));
}

TEST(PadUpgrade, SpreadsTheAxesOfOpset18) {
  TestModel model = Constants(18);
  model.Floats("x", {1, 2}, {1, 2}).Ints("pads", {2, 1}).Ints("axes", {-1});
  EXPECT_EQ(Computed(model.Node("Pad", {"x", "pads", "", "axes"}, {"y"})),
            (Result{{1, 5}, {0, 0, 1, 2, 0}}));
}

TEST(PadUpgrade, TakesWrap) {
  TestModel model = Constants(19);
  model.Floats("x", {1, 2}, {1, 2}).Ints("pads", {0, 1, 0, 1});
  model.Node("Pad", {"x", "pads"}, {"y"}).String("mode", "wrap");
  EXPECT_EQ(Computed(model), (Result{{1, 4}, {2, 1, 2, 1}}));
}

TEST(SliceUpgrade, TurnsRangesIntoInputs) {
  TestModel model = Constants(9);
  model.Floats("x", {2, 3}, {1, 2, 3, 4, 5, 6}).Node("Slice", {"x"}, {"y"});
  model.IntList("starts", {1}).IntList("ends", {1000}).IntList("axes", {1});
  EXPECT_EQ(Computed(model), (Result{{2, 2}, {2, 3, 5, 6}}));
}

TEST(SplitUpgrade, TurnsSizesIntoAnInput) {
  TestModel model = Constants(11);
  model.Floats("x", {4}, {1, 2, 3, 4}).Node("Split", {"x"}, {"a", "y"}).IntList("split", {1, 3});
  EXPECT_EQ(Computed(model), (Result{{3}, {2, 3, 4}}));
}

TEST(SplitUpgrade, GivesTheLastOfNumOutputsTheRemainder) {
  TestModel model = Constants(18);
  model.Floats("x", {5}, {1, 2, 3, 4, 5}).Node("Split", {"x"}, {"a", "b", "y"});
  EXPECT_EQ(Computed(model.Int("num_outputs", 3)), (Result{{1}, {5}}));
}

TEST(SplitUpgrade, LeavesEqualPartsWithoutSizes) {
  TestModel model = Constants(18);
  model.Floats("x", {4}, {1, 2, 3, 4}).Node("Split", {"x"}, {"a", "y"});
  EXPECT_EQ(Computed(model.Int("num_outputs", 2)), (Result{{2}, {3, 4}}));
}

TEST(SplitUpgrade, RefusesAnotherNumberOfOutputs) {
  TestModel model = Constants(18);
  model.Floats("x", {4}, {1, 2, 3, 4}).Node("Split", {"x"}, {"a", "y"}).Int("num_outputs", 3);
  EXPECT_EQ(model.Error(),
            "net.onnx: node 'Split_2' (Split): num_outputs is 3, the number of outputs (2) without "
            "a split input is allowed");
}

TEST(SqueezeUpgrade, TurnsAxesIntoAnInput) {
  TestModel model = Constants(11);
  model.Floats("x", {1, 2, 1}, {1, 2}).Node("Squeeze", {"x"}, {"s"}).IntList("axes", {0});
  model.Node("Unsqueeze", {"s"}, {"y"}).IntList("axes", {0, 3});
  EXPECT_EQ(Computed(model), (Result{{1, 2, 1, 1}, {1, 2}}));
}

TEST(SqueezeUpgrade, WithoutAxesTakesAllOnes) {
  TestModel model = Constants(11);
  model.Floats("x", {1, 2, 1}, {1, 2}).Node("Squeeze", {"x"}, {"y"});
  EXPECT_EQ(Computed(model), (Result{{2}, {1, 2}}));
}

TEST(DropoutUpgrade, LeavesNoNode) {
  for (const int opset : {7, 10}) {
    TestModel model(opset);
    model.Input("x", {1, 2}).Output("y").Node("Relu", {"x"}, {"r"});
    model.Node("Dropout", {"r"}, {"d", "mask"}).Float("ratio", 0.5f).Node("Relu", {"d"}, {"y"});
    const auto graph = model.Import();
    ASSERT_TRUE(graph) << graph.error().message;
    EXPECT_EQ(graph->nodes.size(), 2u) << ToText(*graph);
  }
}

TEST(DropoutUpgrade, DropsTheInputsOfOpset12) {
  TestModel model(12);
  model.Input("x", {1, 2}).Output("y").Floats("ratio", {}, {0.5f});
  model.Weight("training", {}, onnx::TensorProto::BOOL).add_int32_data(0);
  model.Node("Relu", {"x"}, {"r"}).Node("Dropout", {"r", "ratio", "training"}, {"d"});
  model.Node("Relu", {"d"}, {"y"});
  const auto graph = model.Import();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->nodes.size(), 2u) << ToText(*graph);
}

TEST(DropoutUpgrade, RefusesTrainingAndAMaskThatIsRead) {
  TestModel training(12);
  training.Input("x", {1, 2}).Output("y").Floats("ratio", {}, {0.5f});
  training.Weight("training", {}, onnx::TensorProto::BOOL).add_int32_data(1);
  training.Node("Dropout", {"x", "ratio", "training"}, {"y"});
  EXPECT_EQ(training.Error(),
            "net.onnx: node 'Dropout_0' (Dropout): training_mode is not the constant false, only "
            "inference is supported");
  TestModel mask(12);
  mask.Input("x", {1, 2}).Output("y").Output("mask").Node("Dropout", {"x"}, {"y", "mask"});
  EXPECT_TRUE(mask.Import());
}

// exp(x) are 1, 2, 3, 4, 5 and 5.
const Floats kLogs = {std::log(1.0f), std::log(2.0f), std::log(3.0f),
                      std::log(4.0f), std::log(5.0f), std::log(5.0f)};

void ExpectNear(const Result& result, const Shape& shape, const Floats& elements) {
  EXPECT_EQ(result.shape, shape);
  ASSERT_EQ(result.elements.size(), elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    EXPECT_NEAR(result.elements[i], elements[i], 1e-6) << "element " << i;
  }
}

TEST(SoftmaxUpgrade, NormalisesEverythingFromTheAxisOn) {
  TestModel model = Constants(11);
  model.Floats("x", {1, 2, 3}, kLogs).Node("Softmax", {"x"}, {"y"});
  ExpectNear(Computed(model), {1, 2, 3}, {0.05f, 0.1f, 0.15f, 0.2f, 0.25f, 0.25f});
}

TEST(SoftmaxUpgrade, AtTheLastAxisIsOneNode) {
  TestModel model(11);
  model.Input("x", {-1, 2, 3}).Output("y").Node("Softmax", {"x"}, {"y"}).Int("axis", 2);
  const auto graph = model.Import();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->nodes.size(), 1u) << ToText(*graph);
  EXPECT_EQ(graph->nodes[0].attributes.Int("axis", 99), 2);
}

TEST(SoftmaxUpgrade, AxesOfOneElementDoNotCount) {
  TestModel model = Constants(12);
  model.Floats("x", {1, 3, 1}, {kLogs[0], kLogs[3], kLogs[4]}).Node("Softmax", {"x"}, {"y"});
  ExpectNear(Computed(model), {1, 3, 1}, {0.1f, 0.4f, 0.5f});
}

TEST(SoftmaxUpgrade, AtAxisZeroNormalisesTheBatchToo) {
  TestModel model = Constants(12);
  model.Floats("x", {2, 3}, kLogs).Node("Softmax", {"x"}, {"y"}).Int("axis", 0);
  ExpectNear(Computed(model), {2, 3}, {0.05f, 0.1f, 0.15f, 0.2f, 0.25f, 0.25f});
}

TEST(SoftmaxUpgrade, KeepsADynamicBatch) {
  TestModel model(11);
  model.Input("x", {-1, 2, 3}).Output("y").Node("LogSoftmax", {"x"}, {"y"});
  const auto graph = model.Import();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->value(graph->outputs[0]).type.shape, (Shape{-1, 2, 3}));
}

TEST(SoftmaxUpgrade, Opset13NormalisesOneAxis) {
  TestModel model = Constants(13);
  model.Floats("x", {1, 2, 3}, kLogs).Node("Softmax", {"x"}, {"y"}).Int("axis", 1);
  ExpectNear(Computed(model), {1, 2, 3}, {0.2f, 2 / 7.0f, 0.375f, 0.8f, 5 / 7.0f, 0.625f});
}

TEST(SoftmaxUpgrade, RefusesAnAxisOutside) {
  TestModel model(11);
  model.Input("x", {1, 2}).Output("y").Node("Softmax", {"x"}, {"y"}).Int("axis", 2);
  EXPECT_EQ(model.Error(),
            "net.onnx: node 'Softmax_0' (Softmax): axis is 2 but the input has 2 axes; allowed are "
            "-2 to 1");
}

TestModel Normalization(int opset) {
  TestModel model = Constants(opset);
  model.Floats("x", {1, 2, 1, 1}, {3, 10}).Floats("scale", {2}, {2, 1}).Floats("bias", {2}, {1, 0});
  model.Floats("mean", {2}, {1, 6}).Floats("var", {2}, {4, 16});
  model.Node("BatchNormalization", {"x", "scale", "bias", "mean", "var"}, {"y"});
  return model.Float("epsilon", 0).Float("momentum", 0.9f);
}

TEST(BatchNormalizationUpgrade, DropsWhatTrainingNeeds) {
  const Result expected{{1, 2, 1, 1}, {3, 1}};
  EXPECT_EQ(Computed(Normalization(7).Int("spatial", 1)), expected);
  EXPECT_EQ(Computed(Normalization(9)), expected);
  EXPECT_EQ(Computed(Normalization(15).Int("training_mode", 0)), expected);
}

TEST(BatchNormalizationUpgrade, RefusesTraining) {
  const std::string where = "net.onnx: node 'BatchNormalization_2' (BatchNormalization): ";
  EXPECT_EQ(Normalization(7).Int("spatial", 0).Error(),
            where + "spatial is 0, only 1 (one scale for each channel) is supported");
  EXPECT_EQ(Normalization(15).Int("training_mode", 1).Error(),
            where + "training_mode is 1, only inference (0) is supported");
  TestModel statistics = Normalization(9).Output("running");
  statistics.proto.mutable_graph()->mutable_node(2)->add_output("running");
  EXPECT_EQ(statistics.Error(),
            where + "output 1 (a training statistic) is read, only output 0 is supported");
}

TEST(MaxPoolUpgrade, DropsUnreadIndices) {
  TestModel model = Constants(8);
  model.Floats("x", {1, 1, 1, 2}, {3, 4}).Node("MaxPool", {"x"}, {"y", "where"});
  model.IntList("kernel_shape", {1, 2}).Int("storage_order", 1);
  EXPECT_EQ(Computed(model), (Result{{1, 1, 1, 1}, {4}}));
}

TEST(AveragePoolUpgrade, TakesDilations) {
  const auto model = [](std::int64_t dilation) {
    TestModel m = Constants(19);
    m.Floats("x", {1, 1, 1, 3}, {3, 4, 8}).Node("AveragePool", {"x"}, {"y"});
    return m.IntList("kernel_shape", {1, 2}).IntList("dilations", {1, dilation});
  };
  EXPECT_EQ(Computed(model(1)), (Result{{1, 1, 1, 2}, {3.5f, 6}}));
  EXPECT_EQ(Computed(model(2)), (Result{{1, 1, 1, 1}, {5.5f}}));
}

TEST(CastUpgrade, MakesEveryFloatFloat32) {
  for (const int type : {onnx::TensorProto::FLOAT, onnx::TensorProto::DOUBLE,
                         onnx::TensorProto::FLOAT16, onnx::TensorProto::BFLOAT16}) {
    TestModel model = Constants(19);
    model.Ints("x", {3, -4}).Node("Cast", {"x"}, {"y"}).Int("to", type).Int("saturate", 1);
    EXPECT_EQ(Computed(model), (Result{{2}, {3, -4}}));
  }
}

TEST(CastUpgrade, RefusesOtherTypes) {
  TestModel model = Constants(13);
  model.Ints("x", {3}).Node("Cast", {"x"}, {"y"}).Int("to", onnx::TensorProto::UINT16);
  EXPECT_EQ(model.Error(),
            "net.onnx: node 'Cast_2' (Cast): attribute 'to': element type is uint16, allowed are "
            "float32, double, float16, bfloat16, int32, int64, uint8, int8 and bool");
}

TEST(ConstantUpgrade, TakesEveryNumericForm) {
  TestModel tensor = Constants(9);
  tensor.Node("Constant", {}, {"y"});
  onnx::TensorProto& value = *tensor.Attribute("value", onnx::AttributeProto::TENSOR).mutable_t();
  value.set_data_type(onnx::TensorProto::FLOAT);
  value.add_dims(2);
  value.add_float_data(1);
  value.add_float_data(2);
  EXPECT_EQ(Computed(tensor), (Result{{2}, {1, 2}}));
  const auto model = [] { return Constants(13).Node("Constant", {}, {"y"}); };
  EXPECT_EQ(Computed(model().Float("value_float", 3)), (Result{{}, {3}}));
  EXPECT_EQ(Computed(model().FloatList("value_floats", {3, 4})), (Result{{2}, {3, 4}}));
  const auto cast = [] { return Constants(13).Node("Constant", {}, {"c"}); };
  EXPECT_EQ(Computed(cast().Int("value_int", 5).Node("Cast", {"c"}, {"y"}).Int("to", 1)),
            (Result{{}, {5}}));
  EXPECT_EQ(Computed(cast().IntList("value_ints", {5, 6}).Node("Cast", {"c"}, {"y"}).Int("to", 1)),
            (Result{{2}, {5, 6}}));
}

TEST(ConstantUpgrade, RefusesNoneTwoTextAndNan) {
  const auto model = [] { return Constants(13).Node("Constant", {}, {"y"}); };
  const std::string where = "net.onnx: node 'Constant_2' (Constant): ";
  EXPECT_EQ(model().Error(), where + "has 0 attributes, exactly one value is needed");
  EXPECT_EQ(model().Int("value_int", 1).Float("value_float", 1).Error(),
            where + "has 2 attributes, exactly one value is needed");
  EXPECT_EQ(model().String("value_string", "a").Error(),
            where + "has no numeric value, allowed are value, value_float(s) and value_int(s)");
  EXPECT_EQ(model().Float("value_float", NAN).Error(),
            where + "its value holds a NaN, numbers are needed");
}

TEST(ReduceUpgrade, ReadsTheAxesInputOfOpset18) {
  TestModel model = Constants(18);
  model.Floats("x", {2, 2}, {1, 2, 3, 5}).Ints("axes", {1});
  model.Node("ReduceMax", {"x", "axes"}, {"y"}).Int("keepdims", 0);
  EXPECT_EQ(Computed(model), (Result{{2}, {2, 5}}));
  TestModel old = Constants(13);
  old.Floats("x", {2, 2}, {1, 2, 3, 5}).Node("ReduceMean", {"x"}, {"y"}).IntList("axes", {0});
  EXPECT_EQ(Computed(old), (Result{{1, 2}, {2, 3.5f}}));
}

TEST(ReduceUpgrade, KeepsComputedAxesAndReducesNothing) {
  TestModel computed(18);
  computed.Input("x", {1, 2}).Input("axes", {1}, onnx::TensorProto::INT64).Output("y");
  computed.Node("ReduceMean", {"x", "axes"}, {"y"});
  const auto graph = computed.Import();
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->nodes.at(0).inputs.size(), 2u);
  TestModel nothing = Constants(18);
  nothing.Floats("x", {1}, {3}).Node("ReduceMean", {"x"}, {"y"}).Int("noop_with_empty_axes", 1);
  EXPECT_EQ(Computed(nothing), (Result{{1}, {3}}));
}

TEST(ReduceSumUpgrade, TurnsAxesIntoAnInput) {
  TestModel model = Constants(11);
  model.Floats("x", {2, 2}, {1, 2, 3, 5}).Node("ReduceSum", {"x"}, {"y"}).IntList("axes", {1});
  EXPECT_EQ(Computed(model.Int("keepdims", 0)), (Result{{2}, {3, 8}}));
}

const Result kDoubled{{1, 1, 1, 4}, {1, 1, 2, 2}};

TEST(UpsampleUpgrade, IsAnAsymmetricResize) {
  TestModel seven = Constants(7);
  seven.Floats("x", {1, 1, 1, 2}, {1, 2}).Node("Upsample", {"x"}, {"y"});
  EXPECT_EQ(Computed(seven.FloatList("scales", {1, 1, 1, 2})), kDoubled);
  TestModel nine = Constants(9);
  nine.Floats("x", {1, 1, 1, 2}, {1, 2}).Floats("scales", {4}, {1, 1, 1, 2});
  EXPECT_EQ(Computed(nine.Node("Upsample", {"x", "scales"}, {"y"})), kDoubled);
}

TEST(UpsampleUpgrade, InterpolatesFromTheCorner) {
  TestModel model = Constants(9);
  model.Floats("x", {1, 1, 1, 2}, {1, 2}).Floats("scales", {4}, {1, 1, 1, 2});
  model.Node("Upsample", {"x", "scales"}, {"y"}).String("mode", "linear");
  EXPECT_EQ(Computed(model), (Result{{1, 1, 1, 4}, {1, 1.5f, 2, 2}}));
}

TEST(ResizeUpgrade, Opset10HasNoRegion) {
  TestModel model = Constants(10);
  model.Floats("x", {1, 1, 1, 2}, {1, 2}).Floats("scales", {4}, {1, 1, 1, 2});
  EXPECT_EQ(Computed(model.Node("Resize", {"x", "scales"}, {"y"})), kDoubled);
}

TEST(ResizeUpgrade, EmptyTensorsAreAbsentInputs) {
  TestModel model = Constants(11);
  model.Floats("x", {1, 1, 1, 2}, {1, 2}).Floats("none", {0}, {}).Ints("sizes", {1, 1, 1, 4});
  EXPECT_EQ(Computed(model.Node("Resize", {"x", "none", "none", "sizes"}, {"y"})), kDoubled);
}

TEST(ResizeUpgrade, SpreadsTheAxesOfOpset18) {
  TestModel sizes = Constants(18);
  sizes.Floats("x", {1, 1, 1, 2}, {1, 2}).Ints("sizes", {4});
  sizes.Node("Resize", {"x", "", "", "sizes"}, {"y"}).IntList("axes", {-1});
  EXPECT_EQ(Computed(sizes), kDoubled);
  TestModel scales = Constants(18);
  scales.Floats("x", {1, 1, 1, 2}, {1, 2}).Floats("scales", {1}, {2});
  scales.Node("Resize", {"x", "", "scales"}, {"y"}).IntList("axes", {3});
  EXPECT_EQ(Computed(scales), kDoubled);
}

TEST(ResizeUpgrade, TakesWhatCameLater) {
  const auto model = [] {
    TestModel m = Constants(19);
    m.Floats("x", {1, 1, 1, 2}, {1, 2}).Floats("scales", {4}, {1, 1, 1, 2});
    return m.Node("Resize", {"x", "", "scales"}, {"y"});
  };
  EXPECT_EQ(Computed(model().Int("antialias", 1)), kDoubled);
  EXPECT_EQ(Computed(model().String("keep_aspect_ratio_policy", "not_larger")), kDoubled);
}

}  // namespace
}  // namespace bw
