// One of two graphs, by a bool scalar.

#include "bitwright/graph/ops/control.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, in.node.inputs.size(), in.node.outputs.size()}));
  BW_TRY(CheckGraph(in.node, "then_branch", 0, in.node.outputs.size()));
  BW_TRY(CheckGraph(in.node, "else_branch", 0, in.node.outputs.size()));
  return NotKnown(in, 0, "the condition");
}

Expected<std::vector<TensorPtr>> Control(const Node& node, std::span<const TensorPtr> inputs,
                                         const GraphRunner& run) {
  BW_ASSIGN(const bool condition, Truth(inputs[0], "the condition"));
  BW_ASSIGN(const auto branch, GraphOf(node, condition ? "then_branch" : "else_branch"));
  return RunInner(*branch, {}, inputs, run);
}

}  // namespace

BW_ENTRY(OpDef, if) = {.name = "If", .infer = Infer, .control = Control};

}  // namespace bw::ops
