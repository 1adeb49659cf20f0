#include "bitwright/graph/interpret.h"

#include "bitwright/graph/checks.h"

namespace bw {
namespace {

std::size_t Index(ValueId id) { return static_cast<std::size_t>(id); }

// How deep graphs may lie in each other, and how often all of them may run in one run of the
// outermost: loops in loops end too.
constexpr int kMaxDepth = 64;
constexpr std::int64_t kMaxInnerRuns = std::int64_t{1} << 20;

class Interpreter {
 public:
  Interpreter(const Graph& graph, const NodeRunner& run, int depth, std::int64_t& inner_runs)
      : graph_(graph),
        run_(run),
        depth_(depth),
        inner_runs_(inner_runs),
        values_(graph.values.size()) {}

  Expected<std::vector<TensorPtr>> Run(std::vector<TensorPtr> inputs);

 private:
  TensorPtr Value(ValueId id) const;
  Expected<void> RunNode(const Node& node);
  Expected<std::vector<TensorPtr>> Compute(const Node& node, std::span<const TensorPtr> inputs);
  Expected<std::vector<TensorPtr>> Control(const Node& node, std::span<const TensorPtr> inputs);

  const Graph& graph_;
  const NodeRunner& run_;
  int depth_;
  std::int64_t& inner_runs_;  // so far, of all depths
  std::vector<TensorPtr> values_;
};

// Null where absent. Constants are the graph's, not copies.
TensorPtr Interpreter::Value(ValueId id) const {
  if (id == kNoValue) return nullptr;
  const auto& value = graph_.value(id);
  if (value.constant) return TensorPtr(TensorPtr(), &*value.constant);
  return values_[Index(id)];
}

Expected<std::vector<TensorPtr>> Interpreter::Control(const Node& node,
                                                      std::span<const TensorPtr> inputs) {
  if (depth_ >= kMaxDepth)
    return Fail("graphs lie {} deep in each other, at most {} are allowed", depth_ + 1, kMaxDepth);
  const GraphRunner inner = [&](const Graph& graph,
                                std::vector<TensorPtr> values) -> Expected<std::vector<TensorPtr>> {
    if (++inner_runs_ > kMaxInnerRuns) {
      return Fail("has run graphs {} times without an end, at most that many runs are allowed",
                  kMaxInnerRuns);
    }
    return Interpreter(graph, run_, depth_ + 1, inner_runs_).Run(std::move(values));
  };
  return node.op->control(node, inputs, inner);
}

Expected<std::vector<TensorPtr>> Interpreter::Compute(const Node& node,
                                                      std::span<const TensorPtr> inputs) {
  std::vector<TensorType> types;
  std::vector<const Tensor*> known, constants;
  std::vector<ConstTensorRef> refs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor* tensor = inputs[i].get();
    types.push_back(tensor == nullptr ? TensorType{} : tensor->type());
    refs.push_back(tensor == nullptr ? ConstTensorRef{} : ConstTensorRef(*tensor));
    known.push_back(tensor);
    const bool constant = tensor != nullptr && graph_.value(node.inputs[i]).constant.has_value();
    constants.push_back(constant ? tensor : nullptr);
  }
  BW_ASSIGN(const std::vector<TensorType> out, node.op->infer({node, types, known}));
  BW_CHECK(out.size() == node.outputs.size());
  std::vector<std::shared_ptr<Tensor>> tensors;
  std::vector<TensorRef> places;
  for (std::size_t i = 0; i < out.size(); ++i) {
    BW_TRY(ops::CheckExtents(out[i].shape, fmt::format("output {}", i)));
    tensors.push_back(std::make_shared<Tensor>(out[i].dtype, out[i].shape));
    places.push_back(*tensors.back());
  }
  run_(node, constants, refs, places);
  return std::vector<TensorPtr>(tensors.begin(), tensors.end());
}

Expected<void> Interpreter::RunNode(const Node& node) {
  std::vector<TensorPtr> inputs;
  for (const ValueId id : node.inputs) inputs.push_back(Value(id));
  auto outputs = node.op->control != nullptr ? Control(node, inputs) : Compute(node, inputs);
  if (!outputs) {
    return Context(fmt::format("node '{}' ({})", node.name, node.op->name),
                   std::move(outputs).error());
  }
  BW_CHECK(outputs->size() >= node.outputs.size());
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != kNoValue) values_[Index(node.outputs[i])] = (*outputs)[i];
  }
  return {};
}

Expected<std::vector<TensorPtr>> Interpreter::Run(std::vector<TensorPtr> inputs) {
  BW_CHECK(inputs.size() == graph_.inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    values_[Index(graph_.inputs[i])] = std::move(inputs[i]);
  }
  std::vector<int> uses = UseCounts(graph_);
  for (const Node& node : graph_.nodes) {
    BW_TRY(RunNode(node));
    for (const ValueId id : node.inputs) {
      if (id != kNoValue && --uses[Index(id)] == 0) values_[Index(id)].reset();
    }
  }
  std::vector<TensorPtr> outputs;
  for (const ValueId id : graph_.outputs) outputs.push_back(Value(id));
  return outputs;
}

}  // namespace

void RunReference(const Node& node, std::span<const Tensor* const>,
                  std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) {
  node.op->reference(node, inputs, outputs);
}

Expected<std::vector<TensorPtr>> Interpret(const Graph& graph, std::vector<TensorPtr> inputs,
                                           const NodeRunner& run) {
  std::int64_t inner_runs = 0;
  return Interpreter(graph, run, 0, inner_runs).Run(std::move(inputs));
}

}  // namespace bw
