#include "bitwright/runtime/executor.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <map>

#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Attrs;
using testing_networks::Network;
using testing_networks::Random;
using testing_networks::RandomClassifier;
using testing_networks::RandomResidualNetwork;

const Shape kInput = {3, 4, 6, 6};

Tensor Copy(ConstTensorRef from) {
  Tensor to(from.dtype, from.shape);
  std::memcpy(TensorRef(to).data, from.data, to.bytes());
  return to;
}

bool SameBits(ConstTensorRef a, ConstTensorRef b) {
  return a.dtype == b.dtype && a.shape == b.shape &&
         std::memcmp(a.data, b.data, static_cast<std::size_t>(a.size()) * DTypeBytes(a.dtype)) == 0;
}

Executor Make(const Graph& graph, ExecutorOptions options, const Shape& shape = kInput) {
  Expected<Executor> executor = Executor::Create(graph, {shape}, options);
  EXPECT_TRUE(executor.has_value()) << (executor ? "" : executor.error().message);
  return std::move(executor).value();
}

void RunOn(Executor& executor, const Tensor& input) {
  executor.Run(std::vector<ConstTensorRef>{input});
}

std::vector<Tensor> Outputs(const Executor& executor, const Graph& graph) {
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < graph.outputs.size(); ++i)
    outputs.push_back(Copy(executor.Output(i)));
  return outputs;
}

// The first output that differs, or -1.
int FirstDifference(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!SameBits(a[i], b[i])) return static_cast<int>(i);
  }
  return a.size() == b.size() ? -1 : static_cast<int>(a.size());
}

// Node by node with the operators' references, every value in a place of its own.
std::vector<Tensor> Interpret(const Graph& graph, const Tensor& input) {
  const InferredTypes types = InferTypes(graph, {input.shape()}).value();
  std::map<ValueId, Tensor> values = {{graph.inputs[0], input}};
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    if (graph.values[v].constant)
      values.emplace(static_cast<ValueId>(v), *graph.values[v].constant);
  }
  for (const Node& node : graph.nodes) {
    std::vector<ConstTensorRef> inputs;
    std::vector<TensorRef> outputs;
    for (const ValueId id : node.inputs) {
      inputs.push_back(id == kNoValue ? ConstTensorRef{} : ConstTensorRef(values.at(id)));
    }
    for (const ValueId id : node.outputs) {
      const TensorType& type = types.types[static_cast<std::size_t>(id)];
      outputs.emplace_back(values.emplace(id, Tensor(type.dtype, type.shape)).first->second);
    }
    node.op->reference(node, inputs, outputs);
  }
  std::vector<Tensor> results;
  for (const ValueId id : graph.outputs) results.push_back(values.at(id));
  return results;
}

RC_GTEST_PROP(Executor, PlannedMemoryGivesWhatKeptValuesGive, (std::uint16_t seed)) {
  const Graph graph = RandomClassifier(seed, 12);
  const Tensor input = Random(kInput, seed + 1U);
  Executor planned = Make(graph, {Backend::kFast, false});
  Executor kept = Make(graph, {Backend::kFast, true});
  RunOn(kept, input);
  RunOn(planned, Random(kInput, seed + 2U));  // leaves other elements behind in the arena
  RunOn(planned, input);
  RC_ASSERT(SameBits(planned.Output(0), kept.Output(0)));
}

RC_GTEST_PROP(Executor, ReferenceBackendIsTheNodeByNodeInterpretation, (std::uint16_t seed)) {
  const Graph all = RandomResidualNetwork(seed, 10);
  const Tensor input = Random(kInput, seed + 1U);
  Executor kept = Make(all, {Backend::kReference, true});
  RunOn(kept, input);
  RC_ASSERT(FirstDifference(Outputs(kept, all), Interpret(all, input)) == -1);
  const Graph graph = RandomClassifier(seed, 10);
  Executor planned = Make(graph, {Backend::kReference, false});
  RunOn(planned, input);
  RC_ASSERT(SameBits(planned.Output(0), Interpret(graph, input)[0]));
}

TEST(Executor, PlannedMemoryOfAChainDoesNotGrowWithItsLength) {
  const auto arena = [](int length, bool keep) {
    Network net;
    ValueId last = net.Input("x", kInput);
    for (int i = 0; i < length; ++i) last = net.Op("Relu", {last}, "v" + std::to_string(i));
    const Graph graph = net.Finish({last});
    return Make(graph, {Backend::kFast, keep}).arena_bytes();
  };
  EXPECT_EQ(arena(4, false), arena(40, false));
  EXPECT_GE(arena(40, true), 41 * 3 * 4 * 6 * 6 * sizeof(float));
}

TEST(Executor, ShapeArithmeticIsDoneBeforeTheRun) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4, 6, 6});
  const ValueId shape = net.Op("Shape", {x}, "shape");
  const ValueId first =
      net.Constant("first", Tensor::From<std::int64_t>({1}, std::vector<std::int64_t>{0}));
  const ValueId rest =
      net.Constant("rest", Tensor::From<std::int64_t>({1}, std::vector<std::int64_t>{-1}));
  const ValueId batch = net.Op("Gather", {shape, first}, "batch");
  const ValueId wanted =
      net.Op("Concat", {batch, rest}, "wanted", Attrs({{"axis", std::int64_t{0}}}));
  const Graph graph = net.Finish({net.Op("Reshape", {x, wanted}, "y")});
  Executor executor = Make(graph, {});
  const Tensor input = Random(kInput, 5);
  RunOn(executor, input);
  EXPECT_EQ(executor.Output(0).shape, (Shape{3, 144}));
  EXPECT_EQ(std::memcmp(executor.Output(0).data, ConstTensorRef(input).data, input.bytes()), 0);
}

// What may change between two runs: constants replaced, values rounded.
struct Change {
  std::map<ValueId, Tensor> constants;
  std::map<ValueId, ActivationQuantizer> quantizers;

  void Set(Executor& executor) const {
    for (const auto& [id, tensor] : constants) executor.SetConstant(id, &tensor);
    for (const auto& [id, quantizer] : quantizers) executor.SetQuantizer(id, &quantizer);
  }
  void Unset(Executor& executor) const {
    for (const auto& [id, unused] : constants) executor.SetConstant(id, nullptr);
    for (const auto& [id, unused] : quantizers) executor.SetQuantizer(id, nullptr);
  }
};

Change RandomChange(const Graph& graph, std::uint64_t seed) {
  static const std::vector<std::string> kSpecs = {"int2",   "int4",      "dybit4",
                                                  "e4m3fn", "int8:asym", "esb5_2"};
  Change change;
  Rng rng(seed);
  const double share = rng.Uniform(0.05, 0.6);
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    if (rng.Uniform() > share) continue;
    const auto id = static_cast<ValueId>(v);
    const Value& value = graph.values[v];
    if (value.constant) {
      change.constants[id] = Random(value.constant->shape(), seed + v);
      continue;
    }
    const QuantSpec spec = QuantSpec::Parse(kSpecs[rng.Below(kSpecs.size())]).value();
    QuantParams params{{static_cast<float>(rng.Uniform(0.01, 0.5))}, {}};
    if (!spec.symmetric) params.zeros = {static_cast<std::int32_t>(rng.Below(200)) - 100};
    change.quantizers.insert_or_assign(id, ActivationQuantizer{spec, params});
  }
  return change;
}

// Elements of a random part of the values that `kept` computed.
RunRequest SomeKnown(const Graph& graph, const Executor& kept, std::uint64_t seed) {
  RunRequest request;
  Rng rng(seed);
  const double share = rng.Uniform(0, 0.7);
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    const bool known = !graph.values[v].constant && rng.Uniform() < share;
    const void* data = kept.ValueOf(static_cast<ValueId>(v)).data;
    request.known.push_back(known ? static_cast<const std::byte*>(data) : nullptr);
  }
  return request;
}

RC_GTEST_PROP(RunRequest, KnownValuesChangeNoResult, (std::uint16_t seed)) {
  const Graph graph = RandomResidualNetwork(seed, 12);
  const Tensor input = Random(kInput, seed + 1U);
  const Change change = RandomChange(graph, seed + 100000U);
  Executor whole = Make(graph, {Backend::kFast, true});
  Executor partial = Make(graph, {Backend::kFast, false});
  change.Set(whole);
  change.Set(partial);
  RunOn(whole, input);
  for (std::uint64_t round = 0; round < 4; ++round) {
    partial.Run(std::vector<ConstTensorRef>{Random(kInput, seed + 2U)});  // other elements
    RunRequest request = SomeKnown(graph, whole, seed + 1000 * round);
    bool same = true;
    request.watch = [&](ValueId id, ConstTensorRef value) {
      same = same && request.known[static_cast<std::size_t>(id)] == nullptr &&
             SameBits(value, whole.ValueOf(id));
    };
    partial.Run(std::vector<ConstTensorRef>{input}, request);
    RC_ASSERT(same);
    RC_ASSERT(FirstDifference(Outputs(partial, graph), Outputs(whole, graph)) == -1);
  }
}

RC_GTEST_PROP(RunRequest, TellsEveryValueOfAWholeRun, (std::uint16_t seed)) {
  const Graph graph = RandomResidualNetwork(seed, 9);
  const Tensor input = Random(kInput, seed + 1U);
  Executor kept = Make(graph, {Backend::kFast, true});
  RunOn(kept, input);
  Executor planned = Make(graph, {Backend::kFast, false});
  std::size_t told = 0;
  bool same = true;
  RunRequest request;
  request.watch = [&](ValueId id, ConstTensorRef value) {
    ++told;
    same = same && SameBits(value, kept.ValueOf(id));
  };
  planned.Run(std::vector<ConstTensorRef>{input}, request);
  RC_ASSERT(same);
  std::size_t constants = 0;
  for (const Value& value : graph.values) constants += value.constant ? 1 : 0;
  RC_ASSERT(told == graph.values.size() - constants);
}

TEST(RunRequest, ComputesOnlyWhatIsWantedAndNotKnown) {
  Network net;
  const ValueId x = net.Input("x", kInput);
  const ValueId a = net.Op("Relu", {x}, "a"), b = net.Op("Neg", {a}, "b"),
                c = net.Op("Abs", {b}, "c"), d = net.Op("Add", {c, a}, "d");
  const Graph graph = net.Finish({d});
  Executor executor = Make(graph, {});
  const Tensor input = Random(kInput, 3), other = Random(kInput, 4);
  const auto told = [&](std::vector<ValueId> wanted, ValueId known) {
    RunRequest request;
    std::vector<ValueId> values;
    request.wanted = std::move(wanted);
    if (known != kNoValue) {
      request.known.resize(graph.values.size());
      request.known[static_cast<std::size_t>(known)] =
          static_cast<const std::byte*>(ConstTensorRef(other).data);
    }
    request.watch = [&](ValueId id, ConstTensorRef) { values.push_back(id); };
    executor.Run(std::vector<ConstTensorRef>{input}, request);
    return values;
  };
  EXPECT_EQ(told({b}, kNoValue), (std::vector<ValueId>{x, a, b}));
  EXPECT_EQ(told({}, b), (std::vector<ValueId>{x, a, c, d}));
  EXPECT_EQ(told({}, a), (std::vector<ValueId>{b, c, d}));
  EXPECT_EQ(told({}, d), std::vector<ValueId>{});
  EXPECT_TRUE(SameBits(executor.Output(0), other));
}

RC_GTEST_PROP(SetQuantizer, EqualsAFakeQuantizeNodeBehindTheValue, (std::uint16_t seed)) {
  const Graph graph = RandomResidualNetwork(seed, 8);
  const Tensor input = Random(kInput, seed + 1U);
  Change change = RandomChange(graph, seed + 400000U);
  change.constants.clear();
  Graph explicit_graph = graph;
  for (const auto& [id, quantizer] : change.quantizers) {
    Graph& g = explicit_graph;
    const ValueId rounded = g.AddValue(g.value(id).name + ".rounded", g.value(id).type);
    ReplaceUses(g, id, rounded);
    Attributes attributes =
        Attrs({{"spec", quantizer.spec.ToString()}, {"scale", quantizer.params.scales[0]}});
    if (!quantizer.params.zeros.empty()) {
      attributes.Set("zero", static_cast<std::int64_t>(quantizer.params.zeros[0]));
    }
    const int producer = Producers(g)[static_cast<std::size_t>(id)];
    g.nodes.insert(g.nodes.begin() + producer + 1,
                   Node{"round", FindOp("FakeQuantize", "bitwright"), {id}, {rounded}, attributes});
  }
  Executor rounding = Make(graph, {Backend::kFast, false});
  Executor nodes = Make(explicit_graph, {Backend::kFast, false});
  change.Set(rounding);
  RunOn(rounding, input);
  RunOn(nodes, input);
  RC_ASSERT(FirstDifference(Outputs(rounding, graph), Outputs(nodes, explicit_graph)) == -1);
}

TEST(SetConstant, NullPutsTheGraphsOwnBack) {
  const Graph graph = RandomResidualNetwork(3, 10);
  const Tensor input = Random(kInput, 8);
  Executor executor = Make(graph, {});
  RunOn(executor, input);
  const std::vector<Tensor> own = Outputs(executor, graph);
  Change change;
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    if (!graph.values[v].constant) continue;
    change.constants[static_cast<ValueId>(v)] = Random(graph.values[v].constant->shape(), v);
  }
  change.Set(executor);
  RunOn(executor, input);
  EXPECT_NE(FirstDifference(Outputs(executor, graph), own), -1);
  change.Unset(executor);
  RunOn(executor, input);
  EXPECT_EQ(FirstDifference(Outputs(executor, graph), own), -1);
}

TEST(Create, NamesTheNodeThatDoesNotFit) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4, 6, 6});
  const Graph graph = net.Finish({net.Conv(x, "conv", {4, 3, 3, 3}, 1)});
  const Expected<Executor> executor = Executor::Create(graph, {kInput}, {});
  ASSERT_FALSE(executor.has_value());
  EXPECT_TRUE(executor.error().message.starts_with("node 'conv.node' (Conv): "))
      << executor.error().message;
}

}  // namespace
}  // namespace bw
