#pragma once
// For tests: small networks built node by node, and random ones.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "bitwright/base/rng.h"
#include "bitwright/graph/op.h"

namespace bw::testing_networks {

inline Tensor Random(Shape shape, std::uint64_t seed, double low = -1, double high = 1) {
  Tensor tensor(DType::kFloat32, std::move(shape));
  Rng rng(seed);
  for (float& x : tensor.span<float>()) x = static_cast<float>(rng.Uniform(low, high));
  return tensor;
}

inline Tensor Floats(Shape shape, const std::vector<float>& elements) {
  return Tensor::From<float>(std::move(shape), elements);
}

inline Attributes Attrs(std::vector<std::pair<std::string, Attribute>> items) {
  Attributes attributes;
  for (auto& [name, value] : items) attributes.Set(name, std::move(value));
  return attributes;
}

inline Attributes Pads(std::int64_t pad) {
  return Attrs({{"pads", std::vector<std::int64_t>{pad, pad, pad, pad}}});
}

class Network {
 public:
  ValueId Input(const std::string& name, Shape shape) {
    const ValueId id = graph_.AddValue(name, {DType::kFloat32, std::move(shape)});
    graph_.inputs.push_back(id);
    return id;
  }
  ValueId Constant(const std::string& name, Tensor tensor) {
    return graph_.AddConstant(name, std::move(tensor));
  }
  // The node is named "<output>.node".
  ValueId Op(const std::string& op, std::vector<ValueId> inputs, const std::string& output,
             Attributes attributes = {}) {
    const ValueId id = graph_.AddValue(output, {DType::kFloat32, {}});
    EXPECT_NE(FindOp(op), nullptr) << op;
    graph_.nodes.push_back(
        {output + ".node", FindOp(op), std::move(inputs), {id}, std::move(attributes)});
    return id;
  }
  // A convolution with stride 1 that keeps the plane, its weight "<output>.w" of this shape.
  ValueId Conv(ValueId input, const std::string& output, const Shape& weight, std::uint64_t seed,
               std::int64_t group = 1) {
    const ValueId w = Constant(output + ".w", Random(weight, seed, -0.6, 0.6));
    Attributes attributes = Pads(weight[2] / 2);
    attributes.Set("group", group);
    return Op("Conv", {input, w}, output, attributes);
  }
  // "<output>.w" [out, in] and "<output>.b".
  ValueId Linear(ValueId input, const std::string& output, std::int64_t out, std::int64_t in,
                 std::uint64_t seed) {
    const ValueId w = Constant(output + ".w", Random({out, in}, seed));
    const ValueId b = Constant(output + ".b", Random({out}, seed + 1));
    return Op("Gemm", {input, w, b}, output, Attrs({{"transB", std::int64_t{1}}}));
  }
  Graph Finish(std::vector<ValueId> outputs) {
    graph_.outputs = std::move(outputs);
    const Expected<void> verified = Verify(graph_);
    EXPECT_TRUE(verified.has_value()) << (verified ? "" : verified.error().message);
    return std::move(graph_);
  }

 private:
  Graph graph_;
};

// A random branching network on [N,4,6,6]: convolutions, depthwise ones, additions, gates, pooling
// and concatenations over values picked at random. Every value that is computed is an output, the
// class scores first.
inline Graph RandomResidualNetwork(std::uint64_t seed, int steps) {
  Network net;
  Rng rng(seed);
  std::vector<ValueId> pool = {net.Input("x", {-1, 4, 6, 6})};
  std::vector<ValueId> outputs;
  const auto pick = [&] { return pool[rng.Below(pool.size())]; };
  for (int s = 0; s < steps; ++s) {
    const std::string name = "v" + std::to_string(s);
    const std::uint64_t own = seed * 1000 + static_cast<std::uint64_t>(s);
    ValueId made = kNoValue;
    switch (rng.Below(7)) {
      case 0:
        made = net.Conv(pick(), name, {4, 4, 3, 3}, own);
        break;
      case 1:
        made = net.Conv(pick(), name, {4, 1, 3, 3}, own, 4);
        break;
      case 2:
        made = net.Op("Add", {pick(), pick()}, name);
        break;
      case 3:
        made = net.Op("Relu", {pick()}, name);
        break;
      case 4: {
        const ValueId gate = net.Op("Sigmoid", {pick()}, name + ".gate");
        outputs.push_back(gate);
        made = net.Op("Mul", {gate, pick()}, name);
        break;
      }
      case 5: {
        Attributes window = Pads(1);
        window.Set("kernel_shape", std::vector<std::int64_t>{3, 3});
        made = net.Op("MaxPool", {pick()}, name, window);
        break;
      }
      default: {
        const ValueId both =
            net.Op("Concat", {pick(), pick()}, name + ".both", Attrs({{"axis", std::int64_t{1}}}));
        outputs.push_back(both);
        made = net.Conv(both, name, {4, 8, 1, 1}, own);
      }
    }
    outputs.push_back(made);
    pool.push_back(made);
  }
  const ValueId mean = net.Op("GlobalAveragePool", {pool.back()}, "mean");
  const ValueId flat = net.Op("Flatten", {mean}, "flat");
  const ValueId scores = net.Linear(flat, "scores", 5, 4, seed + 77);
  outputs.insert(outputs.begin(), {scores, mean, flat});
  return net.Finish(outputs);
}

// The same with its class scores as the only output: everything else may share memory.
inline Graph RandomClassifier(std::uint64_t seed, int steps) {
  Graph graph = RandomResidualNetwork(seed, steps);
  graph.outputs.resize(1);
  RemoveDead(graph);
  return graph;
}

}  // namespace bw::testing_networks
