#include "bitwright/graph/infer.h"

#include <gtest/gtest.h>

#include "bitwright/graph/op.h"

namespace bw {
namespace {

using Ints = std::vector<std::int64_t>;

// Adds nodes with one output each.
struct Builder {
  Graph graph;

  ValueId Input(const std::string& name, Shape shape) {
    graph.inputs.push_back(graph.AddValue(name, {DType::kFloat32, std::move(shape)}));
    return graph.inputs.back();
  }
  ValueId Constant(const std::string& name, const Ints& elements) {
    return graph.AddConstant(
        name, Tensor::From<std::int64_t>({static_cast<std::int64_t>(elements.size())}, elements));
  }
  ValueId Apply(const std::string& op, std::vector<ValueId> inputs, Attributes attributes = {}) {
    const std::string name = fmt::format("{}{}", op, graph.nodes.size());
    const ValueId output = graph.AddValue(name + ".y", {});
    graph.nodes.push_back({name, FindOp(op), std::move(inputs), {output}, std::move(attributes)});
    return output;
  }
};

const Shape& ShapeOf(const InferredTypes& types, ValueId id) {
  return types.types[static_cast<std::size_t>(id)].shape;
}

std::string ErrorOf(const Graph& graph, const std::vector<Shape>& shapes) {
  const auto types = InferTypes(graph, shapes);
  return types ? "accepted" : types.error().message;
}

// Reshape(x, Concat(Gather(Shape(x), 0), -1)): the usual export of a flattening with dynamic batch.
TEST(InferTypes, FollowsShapeArithmetic) {
  Builder b;
  const ValueId x = b.Input("x", {-1, 3, 4});
  const ValueId shape = b.Apply("Shape", {x});
  const ValueId batch = b.Apply("Gather", {shape, b.Constant("zero", {0})});
  const ValueId rest = b.Constant("rest", {-1});
  const ValueId target = b.Apply("Concat", {batch, rest}, Attributes{{{"axis", std::int64_t{0}}}});
  const ValueId y = b.Apply("Reshape", {x, target});
  b.graph.outputs = {y};
  const auto types = InferTypes(b.graph, {{5, 3, 4}});
  ASSERT_TRUE(types) << types.error().message;
  EXPECT_EQ(ShapeOf(*types, y), (Shape{5, 12}));
  ASSERT_TRUE(types->known.contains(target));
  EXPECT_EQ(types->known.at(target).span<std::int64_t>()[0], 5);
  EXPECT_FALSE(types->known.contains(y));
  EXPECT_FALSE(types->known.contains(rest));
  EXPECT_NE(types->Constant(b.graph, rest), nullptr);
  EXPECT_NE(types->Constant(b.graph, target), nullptr);
  EXPECT_EQ(types->Constant(b.graph, y), nullptr);
}

TEST(InferTypes, ErrorsNameTheNode) {
  Builder b;
  const ValueId x = b.Input("x", {-1, 5, 8, 8});
  const ValueId w = b.graph.AddConstant("w", Tensor(DType::kFloat32, {3, 1, 3, 3}));
  b.Apply("Conv", {x, w}, Attributes{{{"group", std::int64_t{3}}}});
  EXPECT_EQ(ErrorOf(b.graph, {{1, 5, 8, 8}}),
            "node 'Conv0' (Conv): group is 3 but input has 5 channels; channels must be a multiple "
            "of group");
}

TEST(InferTypes, RefusesShapesThatCannotBe) {
  Builder b;
  const ValueId x = b.Input("x", {-1});
  const ValueId huge = b.Constant("huge", {Ints{std::int64_t{1} << 40, 4}});
  b.Apply("Expand", {x, huge});
  EXPECT_EQ(ErrorOf(b.graph, {}), "there are 0 input shapes but the network has 1 inputs");
  EXPECT_EQ(ErrorOf(b.graph, {{-1}}),
            "input 'x': [?] has an extent of -1, extents must not be negative");
  EXPECT_EQ(ErrorOf(b.graph, {{std::int64_t{1} << 35}}),
            "input 'x': [34359738368] has too many elements, a tensor may have at most 2^34");
  EXPECT_EQ(ErrorOf(b.graph, {{1}}),
            "node 'Expand0' (Expand): input 1 (shape): [1099511627776,4] has too many elements, a "
            "tensor may have at most 2^34");
}

TEST(InferTypes, RefusesShapesComputedFromData) {
  Builder b;
  const ValueId x = b.Input("x", {4});
  const ValueId to_int = b.Apply("Cast", {x}, Attributes{{{"to", std::int64_t{7}}}});
  b.Apply("Reshape", {x, to_int});
  EXPECT_EQ(ErrorOf(b.graph, {{4}}),
            "node 'Reshape1' (Reshape): input 1 (shape) is computed from data, it must be a "
            "constant or follow from shapes");
}

TEST(InputShapes, FillTheLeadingExtentOnly) {
  Builder b;
  b.graph.outputs = {b.Apply("Relu", {b.Input("x", {-1, 3})})};
  EXPECT_EQ(InputShapes(b.graph, 4).value(), (std::vector<Shape>{{4, 3}}));
  EXPECT_EQ(InputShapes(b.graph, 0).value(), (std::vector<Shape>{{1, 3}}));
  b.graph.value(b.graph.inputs[0]).type.shape = {-1, -1};
  EXPECT_EQ(InputShapes(b.graph, 4).error().message,
            "input 'x': its declared shape is [?,?], only the first extent may be unknown");
}

TEST(InputShapes, AKnownBatchIsReplacedWhereTheGraphAllows) {
  Builder b;
  b.graph.outputs = {b.Apply("Relu", {b.Input("x", {1, 3})})};
  EXPECT_EQ(InputShapes(b.graph, 4).value(), (std::vector<Shape>{{4, 3}}));
  EXPECT_EQ(InputShapes(b.graph, 0).value(), (std::vector<Shape>{{1, 3}}));
}

TEST(InputShapes, AKnownBatchStaysWhereSamplesWouldMix) {
  for (const Ints& target : {Ints{1, 6}, Ints{1, -1}}) {
    Builder b;
    const ValueId x = b.Input("x", {1, 2, 3});
    b.graph.outputs = {b.Apply("Reshape", {x, b.Constant("shape", target)})};
    EXPECT_EQ(InputShapes(b.graph, 4).value(), (std::vector<Shape>{{1, 2, 3}}));
  }
}

TEST(FoldConstants, EvaluatesConstantNodesAndDropsIdentities) {
  Builder b;
  const ValueId x = b.Input("x", {-1, 2});
  const ValueId sum = b.Apply("Add", {b.Constant("one", {1, 2}), b.Constant("two", {10, 20})});
  const ValueId floats = b.Apply("Cast", {sum}, Attributes{{{"to", std::int64_t{1}}}});
  const ValueId same = b.Apply("Identity", {x});
  const ValueId dropped = b.Apply("Dropout", {same});
  b.graph.outputs = {b.Apply("Mul", {dropped, floats})};
  ASSERT_TRUE(FoldConstants(b.graph));
  ASSERT_EQ(b.graph.nodes.size(), 1U);
  const Node& mul = b.graph.nodes[0];
  EXPECT_EQ(b.graph.value(mul.inputs[0]).name, "x");
  const Value& folded = b.graph.value(mul.inputs[1]);
  ASSERT_TRUE(folded.constant);
  EXPECT_EQ(folded.type, (TensorType{DType::kFloat32, {2}}));
  EXPECT_EQ(folded.constant->span<float>()[1], 22);
  EXPECT_TRUE(Verify(b.graph));
}

TEST(FoldConstants, GraphOutputsKeepTheirNames) {
  Builder b;
  const ValueId x = b.Input("x", {2});
  const ValueId relu = b.Apply("Relu", {x});
  const ValueId out = b.Apply("Identity", {relu});
  const ValueId copy = b.Apply("Identity", {x});
  b.graph.outputs = {out, copy};
  const std::string first = b.graph.value(out).name, second = b.graph.value(copy).name;
  ASSERT_TRUE(FoldConstants(b.graph));
  EXPECT_EQ(b.graph.value(b.graph.outputs[0]).name, first);
  EXPECT_EQ(b.graph.value(b.graph.outputs[1]).name, second);
  EXPECT_EQ(b.graph.nodes.size(), 2U);  // the copy of an input must stay
  EXPECT_TRUE(Verify(b.graph));
}

TEST(FoldConstants, ADropoutWhoseMaskIsReadStays) {
  Builder b;
  const ValueId y = b.Apply("Dropout", {b.Input("x", {2})});
  const ValueId mask = b.graph.AddValue("mask", {DType::kBool, {2}});
  b.graph.nodes[0].outputs.push_back(mask);
  const ValueId negated = b.Apply("Neg", {y});
  b.graph.outputs = {negated};
  Graph read = b.graph;
  read.outputs.push_back(mask);
  ASSERT_TRUE(FoldConstants(read));
  EXPECT_EQ(read.nodes.size(), 2U);
  ASSERT_TRUE(FoldConstants(b.graph));
  EXPECT_EQ(b.graph.nodes.size(), 1U);
}

TEST(FoldConstants, BadConstantsAreAnErrorThatNamesTheNode) {
  Builder b;
  b.graph.outputs = {b.Apply("Add", {b.Constant("a", {1, 2}), b.Constant("b", {1, 2, 3})})};
  EXPECT_EQ(FoldConstants(b.graph).error().message,
            "node 'Add0' (Add): shapes [2] and [3] do not broadcast: extents 2 and 3 must be equal "
            "or 1");
}

}  // namespace
}  // namespace bw
