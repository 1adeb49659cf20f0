#include "bitwright/onnx/import.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "bitwright/onnx/model_test.h"

namespace bw {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Import, ReadsNodesNamesAndWeights) {
  const auto graph = SmallModel().Import();
  ASSERT_TRUE(graph) << graph.error().message;
  ASSERT_EQ(graph->nodes.size(), 3u);
  EXPECT_EQ(graph->name, "net");
  EXPECT_EQ(graph->nodes[0].name, "product");
  const Value& weight = graph->value(graph->nodes[0].inputs[1]);
  EXPECT_EQ(weight.name, "w");
  ASSERT_TRUE(weight.constant);
  EXPECT_EQ(weight.constant->shape(), (Shape{3, 2}));
  EXPECT_EQ(weight.constant->span<float>()[5], 6.0f);
  EXPECT_EQ(graph->value(graph->outputs[0]).name, "y");
}

TEST(Import, TypesFollowADynamicBatch) {
  const auto graph = SmallModel().Import();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->value(graph->inputs[0]).type.shape, (Shape{-1, 3}));
  EXPECT_EQ(graph->value(graph->nodes[0].outputs[0]).type.shape, (Shape{-1, 2}));
}

TEST(Import, AcceptsEveryOpsetFrom7To21) {
  for (int opset = 7; opset <= 21; ++opset) {
    EXPECT_TRUE(SmallModel(opset).Import()) << SmallModel(opset).Error();
  }
}

TEST(Import, RefusesOtherOpsets) {
  EXPECT_EQ(SmallModel(0).Error(),
            "net.onnx: opset is 0, allowed are 1 to 21; convert the model with "
            "onnx.version_converter");
  EXPECT_EQ(SmallModel(22).Error(),
            "net.onnx: opset is 22, allowed are 1 to 21; convert the model with "
            "onnx.version_converter");
  TestModel none = SmallModel();
  none.proto.clear_opset_import();
  EXPECT_EQ(none.Error(), "net.onnx: names no opset of ONNX's operators, 1 to 21 are allowed");
}

TEST(Import, InputsThatHaveInitializersAreConstants) {
  TestModel model = SmallModel();
  model.Input("w", {3, 2});
  const auto graph = model.Import();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->inputs.size(), 1u);
}

TEST(Import, NamesNamelessAndRepeatedNodes) {
  TestModel model(13);
  model.Input("x", {1}).Output("d");
  model.Node("Relu", {"x"}, {"a"}).Node("Relu", {"a"}, {"b"}, "act");
  model.Node("Abs", {"b"}, {"c"}, "act").Node("Exp", {"c"}, {"d"}, "Relu_0");
  const auto graph = model.Import();
  ASSERT_TRUE(graph) << graph.error().message;
  std::vector<std::string> names;
  for (const Node& node : graph->nodes) names.push_back(node.name);
  EXPECT_EQ(names, (std::vector<std::string>{"Relu_0_2", "act", "act_2", "Relu_0"}));
}

TEST(Import, SortsNodesThatStandInTheWrongOrder) {
  TestModel model = SmallModel();
  model.proto.mutable_graph()->mutable_node()->SwapElements(0, 2);
  const auto graph = model.Import();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->nodes[0].name, "product");
  EXPECT_EQ(graph->nodes[2].name, "relu");
}

TEST(Import, NamesANodeOnTheCycle) {
  TestModel model(13);
  model.Input("x", {1}).Output("d");
  model.Node("Relu", {"c"}, {"d"}, "after");
  model.Node("Add", {"x", "c"}, {"b"}, "one").Node("Relu", {"b"}, {"c"}, "two");
  EXPECT_EQ(
      model.Error(),
      "net.onnx: node 'two' (Relu): reads what is computed from its own output, no cycles are "
      "allowed");
}

TEST(Import, NamesEveryUnsupportedOperatorAtOnce) {
  TestModel model = SmallModel();
  model.Node("TfIdfVectorizer", {"x"}, {"p"}).Node("TfIdfVectorizer", {"x"}, {"q"});
  model.Node("StringNormalizer", {"x"}, {"r"}).Node("FusedConv", {"x"}, {"s"});
  model.proto.mutable_graph()->mutable_node(6)->set_domain("com.microsoft");
  const std::string error = model.Error();
  EXPECT_EQ(error.substr(0, error.find(';')),
            "net.onnx: 3 operators are not supported: StringNormalizer (1 node), TfIdfVectorizer "
            "(2 nodes), "
            "com.microsoft.FusedConv (1 node)");
}

TEST(Import, LooksForUnsupportedOperatorsInSubgraphsToo) {
  TestModel model = SmallModel();
  model.Node("If", {"x"}, {"p"});
  onnx::AttributeProto& branch = model.Attribute("then_branch", onnx::AttributeProto::GRAPH);
  branch.mutable_g()->add_node()->set_op_type("TfIdfVectorizer");
  const std::string error = model.Error();
  EXPECT_EQ(error.substr(0, error.find(';')),
            "net.onnx: 1 operator is not supported: TfIdfVectorizer (1 node)");
}

// z = Twice(x) with Twice(a) = a + a, by way of a value and a constant of the function's own.
TestModel WithFunction() {
  TestModel model = SmallModel().Output("z").Node("Twice", {"x"}, {"z"}, "call");
  model.proto.mutable_graph()
      ->mutable_node(model.proto.graph().node_size() - 1)
      ->set_domain("mine");
  onnx::FunctionProto& function = *model.proto.add_functions();
  function.set_domain("mine");
  function.set_name("Twice");
  function.add_input("a");
  function.add_output("b");
  onnx::NodeProto& relu = *function.add_node();
  relu.set_op_type("Identity");
  relu.add_input("a");
  relu.add_output("x");
  onnx::NodeProto& add = *function.add_node();
  add.set_op_type("Add");
  add.add_input("x");
  add.add_input("a");
  add.add_output("b");
  return model;
}

TEST(Import, InlinesLocalFunctions) {
  const auto graph = WithFunction().Import();
  ASSERT_TRUE(graph) << WithFunction().Error();
  EXPECT_NE(ToText(*graph).find("Add(x:float32"), std::string::npos) << ToText(*graph);
}

TEST(Import, RefusesFunctionsThatCallThemselves) {
  TestModel model = WithFunction();
  onnx::NodeProto& call = *model.proto.mutable_functions(0)->mutable_node(0);
  call.set_op_type("Twice");
  call.set_domain("mine");
  EXPECT_EQ(model.Error(),
            "net.onnx: node 'call' (mine.Twice): functions call each other more than 32 deep, no "
            "function may call itself");
}

TEST(Import, NamesDanglingAndRepeatedValues) {
  TestModel dangling = SmallModel();
  dangling.proto.mutable_graph()->mutable_node(1)->set_input(1, "c");
  EXPECT_EQ(dangling.Error(),
            "net.onnx: node 'sum' (Add): input 'c' is defined nowhere, a node, input or "
            "initializer must define it");
  TestModel twice = SmallModel();
  twice.Node("Abs", {"x"}, {"sum"}, "again");
  EXPECT_EQ(twice.Error(),
            "net.onnx: node 'again' (Abs): value 'sum' is defined twice, once is allowed");
  TestModel weight = SmallModel().Floats("w", {1}, {1});
  EXPECT_EQ(weight.Error(), "net.onnx: initializer: value 'w' is defined twice, once is allowed");
  TestModel input = SmallModel().Input("x", {1});
  EXPECT_EQ(input.Error(), "net.onnx: input 'x': is listed twice, once is allowed");
}

TEST(Import, RefusesWrongInputsAndOutputs) {
  TestModel none = SmallModel();
  none.proto.mutable_graph()->clear_output();
  EXPECT_EQ(none.Error(), "net.onnx: the graph has no outputs, at least one is needed");
  EXPECT_EQ(SmallModel().Output("z").Error(),
            "net.onnx: output 'z': nothing defines it, a node, input or initializer must");
  EXPECT_EQ(SmallModel().Output("y").Error(),
            "net.onnx: output 'y': is listed twice, once is allowed");
  TestModel no_input(13);
  no_input.Output("y").Floats("x", {1}, {1}).Node("Relu", {"x"}, {"y"});
  EXPECT_TRUE(no_input.Import());
  EXPECT_TRUE(SmallModel().Input("z", {1, 0}).Import());
  TestModel shapeless = SmallModel();
  shapeless.proto.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->clear_shape();
  EXPECT_EQ(shapeless.Error(), "net.onnx: input 'x': has no declared shape, one is needed");
  TestModel sequence = SmallModel();
  sequence.proto.mutable_graph()->mutable_input(0)->mutable_type()->mutable_sequence_type();
  EXPECT_EQ(sequence.Error(), "net.onnx: input 'x': is not a tensor, only tensors are allowed");
  TestModel text = SmallModel().Input("t", {1}, onnx::TensorProto::STRING);
  EXPECT_EQ(text.Error(),
            "net.onnx: input 't': element type is string, allowed are float32, double, float16, "
            "bfloat16, int32, int64, uint8, int8 and bool");
}

TEST(Import, ChecksAttributesAgainstTheOperator) {
  const auto relu = [] { return SmallModel().Node("LeakyRelu", {"x"}, {"z"}, "leaky"); };
  const std::string where = "net.onnx: node 'leaky' (LeakyRelu): ";
  EXPECT_EQ(relu().Int("alpha", 1).Error(),
            where + "attribute 'alpha' is an int, a float is needed");
  EXPECT_EQ(relu().Float("beta", 1).Error(),
            where + "attribute 'beta' is not one of LeakyRelu in opset 13, remove it");
  EXPECT_EQ(relu().Float("alpha", 1).Float("alpha", 1).Error(),
            where + "attribute 'alpha': is given twice, once is allowed");
  EXPECT_EQ(SmallModel().Node("Concat", {"x"}, {"z"}, "cat").Error(),
            "net.onnx: node 'cat' (Concat): attribute 'axis' is missing, it is needed");
  TestModel reference = relu();
  reference.Attribute("alpha", onnx::AttributeProto::FLOAT).set_ref_attr_name("a");
  EXPECT_EQ(reference.Error(),
            where + "attribute 'alpha': refers to 'a' of a function, a value is needed");
  TestModel graph = relu();
  graph.Attribute("alpha", onnx::AttributeProto::GRAPH).mutable_g();
  EXPECT_EQ(graph.Error(),
            where +
                "attribute 'alpha': is of kind GRAPH, allowed are numbers, strings, their "
                "lists and tensors");
}

TEST(Import, ChecksTheNumberOfInputsAndOutputs) {
  EXPECT_EQ(SmallModel().Node("Add", {"x"}, {"z"}, "one").Error(),
            "net.onnx: node 'one' (Add): has 1 inputs, 2 allowed");
  EXPECT_EQ(SmallModel().Node("Add", {"", "x"}, {"z"}, "first").Error(),
            "net.onnx: node 'first' (Add): input 0 ('A') is absent, it is needed");
  EXPECT_EQ(SmallModel(19).Node("Relu", {"x"}, {"z", "u"}, "two").Error(),
            "net.onnx: node 'two' (Relu): has 2 outputs, 1 allowed");
  EXPECT_EQ(SmallModel(9).Node("HardSwish", {"x"}, {"z"}, "late").Error(),
            "net.onnx: node 'late' (HardSwish): opset 9 has no operator HardSwish, the file must "
            "name an opset that has");
}

TEST(Import, NamesTheNodeWhoseShapesDoNotFit) {
  TestModel model = SmallModel();
  model.proto.mutable_graph()->mutable_initializer(0)->set_dims(0, 2);
  model.proto.mutable_graph()->mutable_initializer(0)->set_dims(1, 3);
  EXPECT_EQ(model.Error().substr(0, 36), "net.onnx: node 'product' (MatMul): i") << model.Error();
}

TEST(Import, RefusesNanAndInfinityInWeights) {
  TestModel nan = SmallModel();
  nan.proto.mutable_graph()->mutable_initializer(0)->set_float_data(4, NAN);
  EXPECT_EQ(nan.Error(),
            "net.onnx: initializer 'w': element 4 of [3,2] is NaN, numbers are needed");
  TestModel infinite = SmallModel();
  infinite.proto.mutable_graph()->mutable_initializer(1)->set_float_data(0, -kInfinity);
  EXPECT_EQ(infinite.Error(),
            "net.onnx: node 'sum' (Add): weight 'b' holds an infinity, finite numbers are needed");
}

TEST(Import, AcceptsInfinityAsABound) {
  TestModel model = SmallModel().Output("z").Floats("low", {}, {0}).Floats("high", {}, {kInfinity});
  model.Node("Clip", {"x", "low", "high"}, {"z"});
  EXPECT_TRUE(model.Import()) << model.Error();
}

TEST(Import, FoldsConstants) {
  TestModel model = SmallModel();
  model.Output("z").Floats("c", {3}, {-1, 0, 1});
  model.Node("Relu", {"c"}, {"d"}).Node("Add", {"x", "d"}, {"z"});
  const auto graph = model.Import();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->nodes.size(), 4u) << ToText(*graph);
}

TEST(Import, RefusesAMissingFile) {
  const auto graph = ImportOnnx("does_not_exist.onnx");
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().message.substr(0, 39), "does_not_exist.onnx: cannot be read: No")
      << graph.error().message;
}

TEST(Import, SaysWhatIsNotAModel) {
  const auto error = [](std::string_view bytes) {
    const auto graph = ImportOnnxBytes(bytes, "", "net.onnx");
    return graph ? std::string("accepted") : graph.error().message;
  };
  EXPECT_EQ(error(""), "net.onnx: not an ONNX model: the file is empty");
  EXPECT_EQ(error("not a protobuf at all"),
            "net.onnx: not an ONNX model: its 21 bytes are truncated or of another kind");
  EXPECT_EQ(error(std::string_view("\x08\x07", 2)),
            "net.onnx: not an ONNX model: it holds no graph, one is needed");
}

TEST(Import, RefusesEveryPrefix) {
  const std::string bytes = SmallModel().Bytes();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(ImportOnnxBytes(bytes.substr(0, length), "", "net.onnx")) << length << " bytes";
  }
}

// Whatever comes back, nothing may crash, and an error must carry the label.
TEST(Import, SurvivesDamagedBytes) {
  TestModel model = SmallModel(11);
  model.Output("z").Node("Unsqueeze", {"x"}, {"u"}).IntList("axes", {0});
  model.Node("Softmax", {"u"}, {"z"});
  const std::string bytes = model.Bytes();
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = bytes;
    for (unsigned k = 0; k <= random() % 4; ++k) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const auto graph = ImportOnnxBytes(damaged, "", "net.onnx");
    if (!graph) {
      EXPECT_EQ(graph.error().message.substr(0, 10), "net.onnx: ");
    }
  }
}

TEST(Import, SurvivesRandomBytes) {
  std::mt19937 random(2);
  for (int round = 0; round < 1000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_FALSE(ImportOnnxBytes(bytes, "", "net.onnx"));
  }
}

}  // namespace
}  // namespace bw
