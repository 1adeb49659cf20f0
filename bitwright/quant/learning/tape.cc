#include "bitwright/quant/learning/tape.h"

#include <algorithm>
#include <cstring>

#include "bitwright/base/rng.h"

namespace bw {
namespace {

std::size_t Index(std::int64_t id) { return static_cast<std::size_t>(id); }

bool IsRounder(const Node& node) { return node.op->role == OpRole::kQuantize; }

}  // namespace

Expected<Tape> Tape::Create(const Graph& graph, const Shape& input_shape,
                            std::vector<ValueId> learned) {
  Tape tape(graph);
  BW_ASSIGN(tape.types_, InferTypes(graph, {input_shape}));
  tape.learned_ = std::move(learned);
  tape.elements_.assign(tape.learned_.size(), nullptr);
  tape.learned_index_.assign(graph.values.size(), -1);
  std::vector<char> needs(graph.values.size(), 0);
  for (std::size_t i = 0; i < tape.learned_.size(); ++i) {
    tape.learned_index_[Index(tape.learned_[i])] = static_cast<int>(i);
    needs[Index(tape.learned_[i])] = 1;
  }
  tape.values_.resize(graph.values.size());
  tape.gradients_.resize(graph.values.size());
  BW_TRY(tape.MakeSteps(needs));
  BW_TRY(tape.MakeGradients(needs));
  return tape;
}

const Tensor* Tape::Constant(ValueId id) const {
  const int index = learned_index_[Index(id)];
  if (index >= 0 && elements_[Index(index)] != nullptr) return elements_[Index(index)];
  return types_.Constant(*graph_, id);
}

Expected<void> Tape::MakeSteps(std::vector<char>& needs) {
  for (const Node& node : graph_->nodes) {
    const bool known = std::all_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
      return id == kNoValue || types_.known.contains(id);
    });
    if (known) continue;
    Step step;
    step.node = &node;
    std::vector<TensorType> inputs, outputs;
    std::vector<const Tensor*> constants;
    for (const ValueId id : node.inputs) {
      inputs.push_back(id == kNoValue ? TensorType{} : types_.types[Index(id)]);
      constants.push_back(id == kNoValue ? nullptr : Constant(id));
      if (id != kNoValue && needs[Index(id)] != 0)
        step.edges.push_back({step.edges.size(), id, {}});
    }
    const bool flows = !step.edges.empty() || IsRounder(node);
    for (const ValueId id : node.outputs) {
      outputs.push_back(id == kNoValue ? TensorType{} : types_.types[Index(id)]);
      if (id == kNoValue) continue;
      values_[Index(id)] = Tensor(outputs.back().dtype, outputs.back().shape);
      needs[Index(id)] = flows && outputs.back().dtype == DType::kFloat32 ? 1 : 0;
    }
    if (IsRounder(node)) {
      step.rounder = rounders_.size();
      rounders_.emplace_back(node, inputs[0].shape);
    } else {
      step.kernel = MakeKernel(Backend::kFast, node, inputs, outputs, constants);
      for (std::size_t i = 0; i < constants.size(); ++i) {
        if (constants[i] != nullptr) step.kernel->BindConstant(i, *constants[i]);
      }
    }
    steps_.push_back(std::move(step));
  }
  return {};
}

Expected<void> Tape::MakeGradients(const std::vector<char>& needs) {
  std::vector<char> begun(graph_->values.size(), 0);
  begun[Index(graph_->outputs[0])] = 1;
  for (std::size_t s = steps_.size(); s-- > 0;) {
    Step& step = steps_[s];
    const Node& node = *step.node;
    step.edges.clear();
    if (node.outputs[0] == kNoValue || begun[Index(node.outputs[0])] == 0) continue;
    if (needs[Index(node.outputs[0])] == 0) continue;
    std::vector<TensorType> inputs, outputs;
    std::vector<const Tensor*> constants;
    std::vector<char> wanted;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      inputs.push_back(id == kNoValue ? TensorType{} : types_.types[Index(id)]);
      wanted.push_back(id != kNoValue ? needs[Index(id)] : static_cast<char>(0));
      const bool fixed = id != kNoValue && learned_index_[Index(id)] < 0;
      constants.push_back(fixed ? Constant(id) : nullptr);
      if (wanted.back() == 0) continue;
      Edge edge{i, id, {}};
      if (begun[Index(id)]++ != 0) {
        edge.scratch = Tensor(DType::kFloat32, inputs.back().shape);
      } else if (learned_index_[Index(id)] < 0) {
        gradients_[Index(id)] = Tensor(DType::kFloat32, inputs.back().shape);
      }
      step.edges.push_back(std::move(edge));
    }
    if (IsRounder(node)) continue;
    for (const ValueId id : node.outputs)
      outputs.push_back(id == kNoValue ? TensorType{} : types_.types[Index(id)]);
    BW_ASSIGN(step.gradient, MakeGradient({node, inputs, outputs, constants, wanted}));
  }
  return {};
}

void Tape::SetConstant(std::size_t learned, const Tensor& elements) {
  elements_[learned] = &elements;
  for (Step& step : steps_) {
    for (std::size_t i = 0; i < step.node->inputs.size(); ++i) {
      if (step.node->inputs[i] == learned_[learned] && step.kernel)
        step.kernel->BindConstant(i, elements);
    }
  }
}

ConstTensorRef Tape::ValueOf(ValueId id) const {
  if (id == kNoValue) return {};
  if (const Tensor* constant = Constant(id)) return *constant;
  return id == graph_->inputs[0] ? input_ : values_[Index(id)];
}

std::vector<ConstTensorRef> Tape::Inputs(const Node& node) const {
  std::vector<ConstTensorRef> inputs;
  for (const ValueId id : node.inputs) inputs.push_back(ValueOf(id));
  return inputs;
}

ConstTensorRef Tape::Forward(ConstTensorRef input, std::optional<std::uint64_t> drop_seed) {
  if (input_.shape() != input.shape) input_ = Tensor(DType::kFloat32, input.shape);
  std::memcpy(TensorRef(input_).data, input.data, input_.bytes());
  drop_seed_ = drop_seed;
  for (Step& step : steps_) {
    const std::vector<ConstTensorRef> inputs = Inputs(*step.node);
    if (!step.kernel) {
      const auto seed =
          drop_seed ? std::optional(RandomBits(*drop_seed, step.rounder)) : std::nullopt;
      rounders_[step.rounder].Forward(inputs[0].span<float>(),
                                      values_[Index(step.node->outputs[0])].span<float>(), seed);
      continue;
    }
    std::vector<TensorRef> outputs;
    for (const ValueId id : step.node->outputs)
      outputs.push_back(id == kNoValue ? TensorRef{} : TensorRef(values_[Index(id)]));
    step.kernel->Run(inputs, outputs);
  }
  return ValueOf(graph_->outputs[0]);
}

TensorRef Tape::GradientRef(ValueId id, std::span<const TensorRef> constants) {
  const int learned = learned_index_[Index(id)];
  return learned >= 0 ? constants[Index(learned)] : TensorRef(gradients_[Index(id)]);
}

void Tape::BackStep(Step& step, ConstTensorRef output_gradient,
                    std::span<const TensorRef> constants, std::span<double> scales) {
  const Node& node = *step.node;
  const std::vector<ConstTensorRef> inputs = Inputs(node);
  std::vector<TensorRef> targets(node.inputs.size());
  for (Edge& edge : step.edges) {
    targets[edge.input] =
        edge.scratch.size() > 0 ? TensorRef(edge.scratch) : GradientRef(edge.value, constants);
  }
  if (step.gradient) {
    step.gradient->Run(inputs, ValueOf(node.outputs[0]), output_gradient, targets);
  } else {
    const auto seed =
        drop_seed_ ? std::optional(RandomBits(*drop_seed_, step.rounder)) : std::nullopt;
    const auto to = targets[0].data == nullptr ? std::span<float>() : targets[0].span<float>();
    scales[step.rounder] = rounders_[step.rounder].Backward(
        inputs[0].span<float>(), ValueOf(node.outputs[0]).span<float>(),
        output_gradient.span<float>(), to, seed);
  }
  for (const Edge& edge : step.edges) {
    if (edge.scratch.size() == 0) continue;
    const auto from = edge.scratch.span<float>();
    const auto to = GradientRef(edge.value, constants).span<float>();
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
  }
}

void Tape::Backward(ConstTensorRef output_gradient, std::span<const TensorRef> constants,
                    std::span<double> scales) {
  std::fill(scales.begin(), scales.end(), 0.0);
  for (std::size_t s = steps_.size(); s-- > 0;) {
    Step& step = steps_[s];
    if (!step.gradient && step.kernel) continue;
    const ValueId output = step.node->outputs[0];
    if (output == graph_->outputs[0]) {
      BackStep(step, output_gradient, constants, scales);
    } else if (gradients_[Index(output)].size() > 0) {
      BackStep(step, gradients_[Index(output)], constants, scales);
    }
  }
}

}  // namespace bw
