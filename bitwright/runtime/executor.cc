#include "bitwright/runtime/executor.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "bitwright/runtime/isa.h"
#include "bitwright/runtime/memory_plan.h"

namespace bw {
namespace {

std::size_t Index(ValueId id) { return static_cast<std::size_t>(id); }

std::size_t TypeBytes(const TensorType& type) {
  return static_cast<std::size_t>(ElementCount(type.shape)) * DTypeBytes(type.dtype);
}

// Cuts one allocation into 64-byte aligned places for the values that need one.
std::vector<std::byte*> Place(Tensor& arena, std::span<const ValueId> ids, const MemoryPlan& plan,
                              std::size_t values) {
  arena = Tensor(DType::kUint8, {static_cast<std::int64_t>(plan.arena_bytes)});
  auto* base = reinterpret_cast<std::byte*>(arena.span<std::uint8_t>().data());
  std::vector<std::byte*> places(values, nullptr);
  for (std::size_t i = 0; i < ids.size(); ++i) places[Index(ids[i])] = base + plan.offsets[i];
  return places;
}

}  // namespace

Expected<Executor> Executor::Create(const Graph& graph, const std::vector<Shape>& input_shapes,
                                    ExecutorOptions options) {
  BW_TRY(ObeyIsa());
  Executor executor(graph, options);
  BW_ASSIGN(executor.types_, InferTypes(graph, input_shapes));
  executor.overrides_.resize(graph.values.size(), nullptr);
  executor.quantizers_.resize(graph.values.size(), nullptr);
  executor.MakeSteps();
  executor.PlaceBuffers();
  return executor;
}

const Tensor* Executor::Constant(ValueId id) const {
  if (overrides_[Index(id)] != nullptr) return overrides_[Index(id)];
  return types_.Constant(*graph_, id);
}

void Executor::MakeSteps() {
  producer_.assign(graph_->values.size(), -1);
  for (const Node& node : graph_->nodes) {
    const bool known = std::all_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
      return id == kNoValue || types_.known.contains(id);
    });
    if (known) continue;
    Step step{&node, nullptr, {}};
    std::vector<TensorType> inputs, outputs;
    std::vector<const Tensor*> constants;
    for (const ValueId id : node.inputs) {
      inputs.push_back(id == kNoValue ? TensorType{} : TypeOf(id));
      constants.push_back(id == kNoValue ? nullptr : Constant(id));
      if (constants.back() != nullptr) step.bound.push_back(constants.size() - 1);
    }
    for (const ValueId id : node.outputs) {
      outputs.push_back(id == kNoValue ? TensorType{} : TypeOf(id));
      if (id != kNoValue) producer_[Index(id)] = static_cast<int>(steps_.size());
    }
    step.kernel = MakeKernel(options_.backend, node, inputs, outputs, constants);
    for (const std::size_t i : step.bound) step.kernel->BindConstant(i, *constants[i]);
    steps_.push_back(std::move(step));
  }
}

void Executor::PlaceBuffers() {
  const int steps = static_cast<int>(steps_.size());
  std::vector<int> last(graph_->values.size(), -1);
  for (int s = 0; s < steps; ++s) {
    for (const ValueId id : steps_[static_cast<std::size_t>(s)].node->inputs) {
      if (id != kNoValue) last[Index(id)] = s;
    }
  }
  for (const ValueId id : graph_->outputs) last[Index(id)] = steps;
  std::vector<ValueId> ids;
  std::vector<BufferLife> lives;
  const auto add = [&](ValueId id, int first) {
    if (id == kNoValue) return;
    const int end = options_.keep_values ? steps : std::max(first, last[Index(id)]);
    ids.push_back(id);
    lives.push_back({TypeBytes(TypeOf(id)), options_.keep_values ? 0 : first, end});
  };
  for (const ValueId id : graph_->inputs) add(id, 0);
  for (int s = 0; s < steps; ++s) {
    for (const ValueId id : steps_[static_cast<std::size_t>(s)].node->outputs) add(id, s);
  }
  const MemoryPlan plan = PlanMemory(lives);
  buffers_ = Place(arena_, ids, plan, graph_->values.size());
  if (options_.keep_values) rerun_own_ = Place(rerun_arena_, ids, plan, graph_->values.size());
}

ConstTensorRef Executor::View(ValueId id, const std::vector<std::byte*>& buffers) const {
  if (id == kNoValue) return {};
  if (const Tensor* constant = Constant(id)) return *constant;
  return {TypeOf(id).dtype, TypeOf(id).shape, buffers[Index(id)]};
}

void Executor::Quantize(ValueId id, std::byte* data) const {
  const ActivationQuantizer* quantizer = quantizers_[Index(id)];
  if (quantizer == nullptr) return;
  const TensorRef view{TypeOf(id).dtype, TypeOf(id).shape, data};
  const Expected<Grouping> grouping = MakeGrouping(quantizer->spec.grain, view.shape);
  BW_CHECK(grouping.has_value());
  BW_CHECK(
      FakeQuantize(view.span<float>(), *grouping, quantizer->spec, quantizer->params).has_value());
}

void Executor::RunStep(const Step& step, const std::vector<std::byte*>& reads,
                       const std::vector<std::byte*>& writes) {
  std::vector<ConstTensorRef> inputs;
  std::vector<TensorRef> outputs;
  for (const ValueId id : step.node->inputs) inputs.push_back(View(id, reads));
  for (const ValueId id : step.node->outputs) {
    outputs.push_back(id == kNoValue
                          ? TensorRef{}
                          : TensorRef{TypeOf(id).dtype, TypeOf(id).shape, writes[Index(id)]});
  }
  step.kernel->Run(inputs, outputs);
  for (const ValueId id : step.node->outputs) {
    if (id != kNoValue) Quantize(id, writes[Index(id)]);
  }
}

void Executor::CopyInput(std::size_t index, ConstTensorRef input, std::byte* to) const {
  const ValueId id = graph_->inputs[index];
  BW_CHECK(input.dtype == TypeOf(id).dtype && input.shape == TypeOf(id).shape);
  std::memcpy(to, input.data, TypeBytes(TypeOf(id)));
  Quantize(id, to);
}

void Executor::Run(std::span<const ConstTensorRef> inputs) {
  BW_CHECK(inputs.size() == graph_->inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    CopyInput(i, inputs[i], buffers_[Index(graph_->inputs[i])]);
  if (options_.keep_values) {
    raw_inputs_.clear();
    for (const ConstTensorRef& input : inputs) {
      raw_inputs_.emplace_back(input.dtype, input.shape);
      std::memcpy(TensorRef(raw_inputs_.back()).data, input.data, raw_inputs_.back().bytes());
    }
  }
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const auto start = std::chrono::steady_clock::now();
    RunStep(steps_[s], buffers_, buffers_);
    if (profile_.empty()) continue;
    profile_[s] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
}

std::vector<Executor::NodeTime> Executor::Profile() const {
  std::vector<NodeTime> times;
  for (std::size_t s = 0; s < profile_.size(); ++s) times.push_back({steps_[s].node, profile_[s]});
  return times;
}

ConstTensorRef Executor::ValueOf(ValueId id) const { return View(id, buffers_); }

void Executor::SetConstant(ValueId id, const Tensor* elements) {
  overrides_[Index(id)] = nullptr;
  const Tensor* own = Constant(id);
  BW_CHECK(own != nullptr);
  if (elements != nullptr) BW_CHECK(elements->type() == own->type());
  overrides_[Index(id)] = elements;
  for (const Step& step : steps_) {
    for (const std::size_t i : step.bound) {
      if (step.node->inputs[i] == id) step.kernel->BindConstant(i, *Constant(id));
    }
  }
}

void Executor::SetQuantizer(ValueId id, const ActivationQuantizer* quantizer) {
  quantizers_[Index(id)] = quantizer;
}

void Executor::Rerun(std::span<const ValueId> changed) {
  BW_CHECK(options_.keep_values && raw_inputs_.size() == graph_->inputs.size());
  rerun_buffers_ = buffers_;
  std::vector<char> stale(steps_.size(), 0), fresh(graph_->values.size(), 0);
  for (const ValueId id : changed) {
    if (Constant(id) != nullptr)
      fresh[Index(id)] = 1;
    else if (producer_[Index(id)] >= 0)
      stale[static_cast<std::size_t>(producer_[Index(id)])] = 1;
  }
  for (std::size_t i = 0; i < graph_->inputs.size(); ++i) {
    const ValueId id = graph_->inputs[i];
    if (std::find(changed.begin(), changed.end(), id) == changed.end()) continue;
    CopyInput(i, raw_inputs_[i], rerun_own_[Index(id)]);
    rerun_buffers_[Index(id)] = rerun_own_[Index(id)];
    fresh[Index(id)] = 1;
  }
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const Node& node = *steps_[s].node;
    const bool reads_fresh = std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
      return id != kNoValue && fresh[Index(id)] != 0;
    });
    if (!reads_fresh && stale[s] == 0) continue;
    RunStep(steps_[s], rerun_buffers_, rerun_own_);
    for (const ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      rerun_buffers_[Index(id)] = rerun_own_[Index(id)];
      fresh[Index(id)] = 1;
    }
  }
}

ConstTensorRef Executor::RerunOutput(std::size_t index) const {
  return View(graph_->outputs[index], rerun_buffers_);
}

}  // namespace bw
