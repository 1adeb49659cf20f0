// Runs `body` up to M times (input 0, optional) while a condition (input 1, optional) holds. The
// body takes the iteration, the condition and the carried values, and gives the next condition, the
// next carried values and what is stacked over the iterations.

#include "bitwright/graph/ops/control.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_ASSIGN(const auto body, GraphOf(in.node, "body"));
  const std::size_t own = in.node.inputs.size() - body->captured.size();
  if (own < 2) return Fail("there are {} inputs, at least 2 are needed", own);
  BW_TRY(CheckGraph(in.node, "body", own, in.node.outputs.size() + 1));
  if (in.node.outputs.size() + 2 < own) {
    return Fail("there are {} outputs for {} carried values, at least as many are needed",
                in.node.outputs.size(), own - 2);
  }
  for (std::size_t i = 2; i < own; ++i) {
    if (!in.has(i)) return Fail("input {} is absent, carried values need a start", i);
  }
  return NotKnown(in, 0, "the trip count");
}

// The number of iterations asked for.
Expected<std::int64_t> TripCount(const TensorPtr& input) {
  if (input == nullptr) return kMaxIterations + 1;
  if (input->dtype() == DType::kInt64 && input->size() == 1) return input->span<std::int64_t>()[0];
  return Fail("the trip count is {}{}, an int64 scalar is needed", DTypeName(input->dtype()),
              ShapeText(input->shape()));
}

TensorPtr Scalar(std::int64_t value) {
  return std::make_shared<Tensor>(Tensor::From<std::int64_t>({}, std::vector{value}));
}

TensorPtr Scalar(bool value) {
  auto tensor = std::make_shared<Tensor>(DType::kBool, Shape{});
  tensor->span<bool>()[0] = value;
  return tensor;
}

struct State {
  std::vector<TensorPtr> carried;
  std::vector<Stack> stacks;
  bool going = true;
};

Expected<void> Iterate(const Subgraph& body, std::int64_t iteration, State& state,
                       std::span<const TensorPtr> inputs, const GraphRunner& run) {
  std::vector<TensorPtr> own = {Scalar(iteration), Scalar(state.going)};
  own.insert(own.end(), state.carried.begin(), state.carried.end());
  BW_ASSIGN(const std::vector<TensorPtr> outputs, RunInner(body, std::move(own), inputs, run));
  BW_ASSIGN(state.going, Truth(outputs[0], "the body's condition"));
  for (std::size_t i = 0; i < state.carried.size(); ++i) state.carried[i] = outputs[i + 1];
  for (std::size_t i = 0; i < state.stacks.size(); ++i) {
    BW_TRY(state.stacks[i].Push(outputs[1 + state.carried.size() + i]));
  }
  return {};
}

Expected<std::vector<TensorPtr>> Control(const Node& node, std::span<const TensorPtr> inputs,
                                         const GraphRunner& run) {
  BW_ASSIGN(const auto body, GraphOf(node, "body"));
  BW_ASSIGN(const std::int64_t trips, TripCount(inputs[0]));
  const auto carried = static_cast<std::ptrdiff_t>(body->own_inputs()) - 2;
  State state{{inputs.begin() + 2, inputs.begin() + 2 + carried}, {}, true};
  state.stacks.resize(body->graph.outputs.size() - 1 - state.carried.size());
  if (inputs[1] != nullptr) {
    BW_ASSIGN(state.going, Truth(inputs[1], "the condition"));
  }
  for (std::int64_t i = 0; i < trips && state.going; ++i) {
    if (i == kMaxIterations) {
      return Fail("has run {} times without an end, at most that many iterations are allowed", i);
    }
    BW_TRY(Iterate(*body, i, state, inputs, run));
  }
  std::vector<TensorPtr> outputs = std::move(state.carried);
  for (std::size_t i = 0; i < state.stacks.size(); ++i) {
    const ValueId id = body->graph.outputs[1 + static_cast<std::size_t>(carried) + i];
    outputs.push_back(state.stacks[i].Stacked(body->graph.value(id).type, false));
  }
  return outputs;
}

}  // namespace

BW_ENTRY(OpDef, loop) = {.name = "Loop", .infer = Infer, .control = Control};

}  // namespace bw::ops
