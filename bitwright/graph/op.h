#pragma once
// An operator is one file in graph/ops/: its type rule, its reference kernel (the law), and what
// the optimizer needs to know about it.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "bitwright/base/registry.h"
#include "bitwright/graph/graph.h"

namespace bw {

// The domain of operators that ONNX does not have.
constexpr std::string_view kOwnDomain = "bitwright";

// What the type rule of a node may look at. types[i] and constants[i] belong to node.inputs[i]; an
// absent optional input has an empty entry; constants[i] is null where the value is not known at
// inference time.
struct InferInput {
  const Node& node;
  std::span<const TensorType> types;
  std::span<const Tensor* const> constants;
  // Set to true with the error when the types follow from elements that are not known yet.
  bool* follows_data = nullptr;

  bool has(std::size_t i) const { return i < node.inputs.size() && node.inputs[i] != kNoValue; }
};

// How the quantizer treats an op.
enum class OpRole {
  kCompute,      // multiplies activations by weights: Conv, ConvTranspose, Gemm, MatMul
  kElementwise,  // one data input (others constant), applied element by element: Relu, Clip,
                 // Sigmoid, PRelu, ...
  kBinary,       // Add, Sub, Mul, Div, ... with broadcasting
  kMovement,     // every output element is an input element or zero: Reshape, Transpose, MaxPool,
                 // Concat, Pad, ...
  kShape,        // integer bookkeeping: Shape
  kOther,        // AveragePool, Softmax, Resize, ...
  kQuantize,     // the bitwright op that rounds to a format
};

// Where a weight input of a compute op keeps its output channels and its reduction.
struct WeightAxes {
  int channel = 0;  // axis of output channels: per-channel scales
  int reduce = -1;  // axis of blocks, as PerBlock::axis (-1: the flattened row)
};

// An attribute that ONNX's definitions up to opset 17 do not have.
struct AttributeRule {
  std::string_view name;
  enum class Kind { kInt, kFloat, kString, kInts, kFloats, kStrings, kTensor } kind;
};

// Runs a graph on values: inputs and outputs in the graph's order.
using TensorPtr = std::shared_ptr<const Tensor>;
using GraphRunner =
    std::function<Expected<std::vector<TensorPtr>>(const Graph&, std::vector<TensorPtr>)>;

struct OpDef {
  std::string_view name;         // ONNX op type
  std::string_view domain = "";  // "" (ONNX) or kOwnDomain
  OpRole role = OpRole::kOther;

  // Output types (one per output of the node) for these input types; every extent known in gives
  // every extent known out. An error says which input is wrong, what it is and what is allowed; the
  // caller adds the node's name.
  Expected<std::vector<TensorType>> (*infer)(const InferInput& input) = nullptr;

  // Control flow, instead of a reference: runs the node's graphs with the values at hand. Such a
  // node's outputs follow from data.
  Expected<std::vector<TensorPtr>> (*control)(const Node& node, std::span<const TensorPtr> inputs,
                                              const GraphRunner& run) = nullptr;

  // The first opset that has the operator as it is here, and attributes that it got after opset 17.
  int since = 17;
  std::span<const AttributeRule> attributes = {};

  // The naive kernel: plain loops, float accumulation in double where sums are long. Absent inputs
  // have null data. Shapes have been inferred; outputs do not overlap inputs.
  void (*reference)(const Node& node, std::span<const ConstTensorRef> inputs,
                    std::span<const TensorRef> outputs) = nullptr;

  // The outputs follow from the input types alone: Shape. The reference then never reads input
  // elements.
  bool from_types = false;

  // Compute ops: index of the weight input and its axes; a negative index where the op has none.
  int weight_input = -1;
  WeightAxes (*weight_axes)(const Node& node, const Shape& weight) = nullptr;

  // Multiply-accumulates for these shapes; null means none.
  std::int64_t (*macs)(const Node& node, std::span<const TensorType> inputs,
                       std::span<const TensorType> outputs) = nullptr;
};

namespace ops {
std::span<const OpDef* const> All();
}

// Null when Bitwright has no such operator.
const OpDef* FindOp(std::string_view name, std::string_view domain = "");

}  // namespace bw
