#include "bitwright/graph/graph.h"

#include <gtest/gtest.h>

#include "bitwright/graph/op.h"

namespace bw {
namespace {

// x -> Add(x, c) -> Relu -> y
struct Chain {
  Graph graph;
  ValueId x, c, sum, y;
};

Chain MakeChain() {
  Chain chain;
  Graph& g = chain.graph;
  g.name = "chain";
  chain.x = g.AddValue("x", {DType::kFloat32, {-1, 2}});
  chain.c = g.AddConstant("c", Tensor::From<float>({2}, std::vector<float>{1, 2}));
  chain.sum = g.AddValue("sum", {DType::kFloat32, {-1, 2}});
  chain.y = g.AddValue("y", {DType::kFloat32, {-1, 2}});
  g.nodes.push_back({"add", FindOp("Add"), {chain.x, chain.c}, {chain.sum}, {}});
  g.nodes.push_back({"relu", FindOp("Relu"), {chain.sum}, {chain.y}, {}});
  g.inputs = {chain.x};
  g.outputs = {chain.y};
  return chain;
}

std::string VerifyText(const Graph& graph) {
  const auto ok = Verify(graph);
  return ok ? "ok" : ok.error().message;
}

TEST(Verify, AcceptsAChain) { EXPECT_EQ(VerifyText(MakeChain().graph), "ok"); }

TEST(Verify, NamesWhatIsWrong) {
  const auto broken = [](auto breaks) {
    Chain chain = MakeChain();
    breaks(chain);
    return VerifyText(chain.graph);
  };
  EXPECT_EQ(broken([](Chain& c) { c.graph.nodes[0].inputs[1] = 9; }),
            "node 'add' (Add): value 9 does not exist, the graph has 4 values");
  EXPECT_EQ(broken([](Chain& c) { c.graph.outputs = {-1}; }),
            "graph outputs: value -1 does not exist, the graph has 4 values");
  EXPECT_EQ(broken([](Chain& c) {
              c.graph.inputs = {c.x, 77};
            }),
            "graph inputs: value 77 does not exist, the graph has 4 values");
  EXPECT_EQ(broken([](Chain& c) { c.graph.value(c.y).name = "x"; }),
            "value 'x': two values have this name, names must be unique");
  EXPECT_EQ(broken([](Chain& c) { std::swap(c.graph.nodes[0], c.graph.nodes[1]); }),
            "node 'relu' (Relu): reads 'sum' before anything has computed it, nodes must be in "
            "execution order");
  EXPECT_EQ(broken([](Chain& c) { c.graph.nodes[1].outputs[0] = c.sum; }),
            "node 'relu' (Relu): writes 'sum', which already has a value; each is assigned once");
  EXPECT_EQ(broken([](Chain& c) { c.graph.nodes[1].outputs[0] = c.x; }),
            "node 'relu' (Relu): writes 'x', which already has a value; each is assigned once");
  EXPECT_EQ(broken([](Chain& c) { c.graph.nodes[1].op = nullptr; }),
            "node 'relu' (no operator): the operator is not one of the registry");
  EXPECT_EQ(broken([](Chain& c) {
              c.graph.inputs = {c.x, c.c};
            }),
            "graph input 'c': it already has a value, an input is listed once and is no constant");
  EXPECT_EQ(broken([](Chain& c) { c.graph.nodes.pop_back(); }),
            "graph output 'y': nothing computes it");
}

TEST(Graph, ConstantsGetUniqueNames) {
  Chain chain = MakeChain();
  const ValueId a = chain.graph.AddConstant("c", Tensor(DType::kFloat32, {1}));
  const ValueId b = chain.graph.AddConstant("c", Tensor(DType::kFloat32, {1}));
  EXPECT_EQ(chain.graph.value(a).name, "c_1");
  EXPECT_EQ(chain.graph.value(b).name, "c_2");
  EXPECT_EQ(chain.graph.value(a).type, (TensorType{DType::kFloat32, {1}}));
}

TEST(Graph, ProducersAndUses) {
  const Chain chain = MakeChain();
  EXPECT_EQ(Producers(chain.graph), (std::vector<int>{-1, -1, 0, 1}));
  EXPECT_EQ(UseCounts(chain.graph), (std::vector<int>{1, 1, 1, 1}));
}

TEST(ReplaceUses, ReachesNodesAndOutputs) {
  Chain chain = MakeChain();
  ReplaceUses(chain.graph, chain.y, chain.sum);
  ReplaceUses(chain.graph, chain.sum, chain.x);
  EXPECT_EQ(chain.graph.outputs, std::vector<ValueId>{chain.x});
  EXPECT_EQ(chain.graph.nodes[1].inputs, std::vector<ValueId>{chain.x});
  EXPECT_EQ(chain.graph.nodes[0].outputs, std::vector<ValueId>{chain.sum});
}

TEST(RemoveDead, DropsUnreadNodesAndConstantsAndKeepsInputs) {
  Chain chain = MakeChain();
  ReplaceUses(chain.graph, chain.sum, chain.x);  // the addition and its constant are dead now
  chain.graph.AddConstant("stray", Tensor(DType::kFloat32, {1}));
  RemoveDead(chain.graph);
  ASSERT_EQ(chain.graph.nodes.size(), 1U);
  EXPECT_EQ(chain.graph.nodes[0].name, "relu");
  ASSERT_EQ(chain.graph.values.size(), 2U);
  EXPECT_EQ(chain.graph.value(chain.graph.inputs[0]).name, "x");
  EXPECT_EQ(chain.graph.value(chain.graph.outputs[0]).name, "y");
  EXPECT_EQ(VerifyText(chain.graph), "ok");
  chain.graph.outputs.clear();
  RemoveDead(chain.graph);
  EXPECT_TRUE(chain.graph.nodes.empty());
  EXPECT_EQ(chain.graph.values.size(), 1U);  // the input stays
}

TEST(RemoveDead, DropsWholeChainsAndKeepsAbsentInputs) {
  Chain chain = MakeChain();
  Graph& g = chain.graph;
  const ValueId a = g.AddValue("a", {}), b = g.AddValue("b", {});
  g.nodes.push_back({"clip", FindOp("Clip"), {chain.x, kNoValue, kNoValue}, {a}, {}});
  g.nodes.push_back({"neg", FindOp("Neg"), {a}, {b}, {}});
  g.outputs = {a};
  RemoveDead(g);
  ASSERT_EQ(g.nodes.size(), 1U);
  EXPECT_EQ(g.nodes[0].inputs[1], kNoValue);
}

TEST(ToText, OneLinePerNode) {
  Chain chain = MakeChain();
  chain.graph.nodes[1].attributes.Set("axes", std::vector<std::int64_t>{1, 2});
  chain.graph.nodes[1].attributes.Set("mode", std::string("edge"));
  EXPECT_EQ(ToText(chain.graph),
            "graph 'chain' (x:float32[?,2])\n"
            "sum:float32[?,2] = Add(x:float32[?,2], c:float32[2])  # add\n"
            "y:float32[?,2] = Relu(sum:float32[?,2]) axes=[1,2] mode='edge'  # relu\n"
            "return y:float32[?,2]\n");
}

TEST(Attributes, GiveTheDefaultWhenAbsent) {
  Attributes attributes;
  attributes.Set("a", std::int64_t{3});
  attributes.Set("f", 0.5F);
  EXPECT_EQ(attributes.Int("a", 1), 3);
  EXPECT_EQ(attributes.Int("b", 1), 1);
  EXPECT_EQ(attributes.Float("f", 1), 0.5F);
  EXPECT_EQ(attributes.String("s", "x"), "x");
  EXPECT_EQ(attributes.FindTensor("t"), nullptr);
}

TEST(FindOp, KnowsNamesAndDomains) {
  EXPECT_NE(FindOp("Conv"), nullptr);
  EXPECT_EQ(FindOp("conv"), nullptr);
  EXPECT_EQ(FindOp("FakeQuantize"), nullptr);
  EXPECT_NE(FindOp("FakeQuantize", "bitwright"), nullptr);
}

TEST(Registry, EveryOperatorIsComplete) {
  for (const OpDef* op : ops::All()) {
    EXPECT_NE(op->infer, nullptr) << op->name;
    EXPECT_NE(op->reference == nullptr, op->control == nullptr) << op->name;
    EXPECT_EQ(FindOp(op->name, op->domain), op) << op->name;
    if (!op->domain.empty()) continue;
    EXPECT_EQ(op->role == OpRole::kCompute, op->weight_input >= 0 && op->weight_axes && op->macs)
        << op->name;
  }
}

}  // namespace
}  // namespace bw
