#include "bitwright/runtime/executor.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "bitwright/base/memory.h"
#include "bitwright/base/text.h"
#include "bitwright/runtime/isa.h"
#include "bitwright/runtime/memory_plan.h"
#include "bitwright/runtime/slices.h"
#include "bitwright/tensor/block_scale.h"

namespace bw {
namespace {

std::size_t Index(ValueId id) { return static_cast<std::size_t>(id); }

std::size_t TypeBytes(const TensorType& type) {
  return static_cast<std::size_t>(ElementCount(type.shape)) * DTypeBytes(type.dtype);
}

Expected<void> CheckFree(std::size_t bytes, const Graph& graph, const InferredTypes& types) {
  const std::size_t free = FreeMemory();
  if (bytes <= free) return {};
  const ValueId input = graph.inputs.empty() ? kNoValue : graph.inputs[0];
  return Fail(
      "the activations need {} of memory for an input of shape {}, {} of the bound of {} are free; "
      "raise --memory",
      HumanBytes(static_cast<double>(bytes)),
      input == kNoValue ? "[]" : ShapeText(types.types[Index(input)].shape),
      HumanBytes(static_cast<double>(free)), HumanBytes(static_cast<double>(MemoryBound())));
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
  if (options.batch == Batch::kSliced && !options.keep_values && !input_shapes.empty()) {
    const std::int64_t rows = RowsAtATime(graph, executor.types_);
    if (!input_shapes[0].empty() && rows < input_shapes[0][0])
      BW_TRY(executor.MakeSlice(input_shapes, rows));
  }
  if (!executor.slice_) executor.MakeSteps();
  BW_TRY(executor.PlaceBuffers());
  return executor;
}

Expected<void> Executor::MakeSlice(const std::vector<Shape>& input_shapes, std::int64_t rows) {
  BW_ASSIGN(Executor slice, Create(*graph_, WithRows(input_shapes, rows), {options_.backend}));
  slice_ = std::make_unique<Executor>(std::move(slice));
  return {};
}

const Tensor* Executor::Constant(ValueId id) const {
  if (overrides_[Index(id)] != nullptr) return overrides_[Index(id)];
  return types_.Constant(*graph_, id);
}

void Executor::MakeSteps() {
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
    for (const ValueId id : node.outputs)
      outputs.push_back(id == kNoValue ? TensorType{} : TypeOf(id));
    step.kernel = MakeKernel(options_.backend, node, inputs, outputs, constants);
    for (const std::size_t i : step.bound) step.kernel->BindConstant(i, *constants[i]);
    steps_.push_back(std::move(step));
  }
}

Expected<void> Executor::PlaceBuffers() {
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
  // What slices compute lies with them; here their outputs come together.
  for (const ValueId id : slice_ ? graph_->outputs : graph_->inputs) {
    if (Constant(id) == nullptr) add(id, 0);
  }
  for (int s = 0; s < steps; ++s) {
    for (const ValueId id : steps_[static_cast<std::size_t>(s)].node->outputs) add(id, s);
  }
  const MemoryPlan plan = PlanMemory(lives);
  BW_TRY(CheckFree(plan.arena_bytes, *graph_, types_));
  places_ = Place(arena_, ids, plan, graph_->values.size());
  reads_ = {places_.begin(), places_.end()};
  return {};
}

ConstTensorRef Executor::ValueOf(ValueId id) const {
  if (id == kNoValue) return {};
  if (const Tensor* constant = Constant(id)) return *constant;
  return {TypeOf(id).dtype, TypeOf(id).shape, reads_[Index(id)]};
}

void Executor::Quantize(ValueId id, std::byte* data) const {
  const ActivationQuantizer* quantizer = quantizers_[Index(id)];
  if (quantizer == nullptr) return;
  const TensorRef view{TypeOf(id).dtype, TypeOf(id).shape, data};
  const Expected<Grouping> grouping = MakeGrouping(quantizer->spec.grain, view.shape);
  BW_CHECK(grouping.has_value());
  if (IsDynamic(quantizer->spec)) {
    FakeQuantizeDynamic(view.span<float>(), *grouping, quantizer->spec,
                        quantizer->params.scales[0]);
    return;
  }
  BW_CHECK(
      FakeQuantize(view.span<float>(), *grouping, quantizer->spec, quantizer->params).has_value());
}

void Executor::RunStep(const Step& step) {
  std::vector<ConstTensorRef> inputs;
  std::vector<TensorRef> outputs;
  for (const ValueId id : step.node->inputs) inputs.push_back(ValueOf(id));
  for (const ValueId id : step.node->outputs) {
    outputs.push_back(id == kNoValue
                          ? TensorRef{}
                          : TensorRef{TypeOf(id).dtype, TypeOf(id).shape, places_[Index(id)]});
  }
  step.kernel->Run(inputs, outputs);
  for (const ValueId id : step.node->outputs) {
    if (id != kNoValue) Quantize(id, places_[Index(id)]);
  }
}

void Executor::CopyInput(std::size_t index, ConstTensorRef input) const {
  const ValueId id = graph_->inputs[index];
  BW_CHECK(input.dtype == TypeOf(id).dtype && input.shape == TypeOf(id).shape);
  std::memcpy(places_[Index(id)], input.data, TypeBytes(TypeOf(id)));
  Quantize(id, places_[Index(id)]);
}

std::vector<char> Executor::Needed(const RunRequest& request) const {
  const bool partial = !request.known.empty() || !request.wanted.empty();
  std::vector<char> needed(graph_->values.size(), partial ? 0 : 1);
  if (!partial) return needed;
  const auto is_known = [&](ValueId id) {
    return !request.known.empty() && request.known[Index(id)] != nullptr;
  };
  const auto need = [&](ValueId id) {
    if (id != kNoValue && !is_known(id)) needed[Index(id)] = 1;
  };
  for (const ValueId id : request.wanted.empty() ? graph_->outputs : request.wanted) need(id);
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    if (IsDue(*step, needed))
      std::for_each(step->node->inputs.begin(), step->node->inputs.end(), need);
  }
  return needed;
}

bool Executor::IsDue(const Step& step, const std::vector<char>& needed) {
  return std::any_of(step.node->outputs.begin(), step.node->outputs.end(),
                     [&](ValueId id) { return id != kNoValue && needed[Index(id)] != 0; });
}

void Executor::Run(std::span<const ConstTensorRef> inputs, const RunRequest& request) {
  BW_CHECK(inputs.size() == graph_->inputs.size());
  if (slice_) {
    BW_CHECK(request.known.empty() && request.wanted.empty() && !request.watch);
    return RunSlices(inputs);
  }
  const std::vector<char> needed = Needed(request);
  reads_ = {places_.begin(), places_.end()};
  for (std::size_t v = 0; v < request.known.size(); ++v) {
    if (request.known[v] != nullptr) reads_[v] = request.known[v];
  }
  const auto tell = [&](ValueId id) {
    if (request.watch && id != kNoValue && needed[Index(id)] != 0) request.watch(id, ValueOf(id));
  };
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (needed[Index(graph_->inputs[i])] == 0) continue;
    CopyInput(i, inputs[i]);
    tell(graph_->inputs[i]);
  }
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    if (!IsDue(steps_[s], needed)) continue;
    const auto start = std::chrono::steady_clock::now();
    RunStep(steps_[s]);
    if (!profile_.empty()) {
      profile_[s] +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    std::for_each(steps_[s].node->outputs.begin(), steps_[s].node->outputs.end(), tell);
  }
}

void Executor::RunSlices(std::span<const ConstTensorRef> inputs) {
  const std::int64_t rows = slice_->TypeOf(graph_->inputs[0]).shape[0];
  const std::int64_t slices = TypeOf(graph_->inputs[0]).shape[0] / rows;
  for (std::int64_t s = 0; s < slices; ++s) {
    std::vector<ConstTensorRef> parts;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      BW_CHECK(inputs[i].dtype == TypeOf(graph_->inputs[i]).dtype &&
               inputs[i].shape == TypeOf(graph_->inputs[i]).shape);
      const TensorType& type = slice_->TypeOf(graph_->inputs[i]);
      const auto* data = static_cast<const std::byte*>(inputs[i].data);
      parts.push_back(
          {type.dtype, type.shape, data + static_cast<std::size_t>(s) * TypeBytes(type)});
    }
    slice_->Run(parts);
    for (const ValueId id : graph_->outputs) {
      if (Constant(id) != nullptr) continue;
      const std::size_t bytes = TypeBytes(slice_->TypeOf(id));
      std::memcpy(places_[Index(id)] + static_cast<std::size_t>(s) * bytes,
                  slice_->ValueOf(id).data, bytes);
    }
  }
}

void Executor::StartProfile() {
  if (slice_) return slice_->StartProfile();
  profile_.assign(steps_.size(), 0.0);
}

std::vector<Executor::NodeTime> Executor::Profile() const {
  if (slice_) return slice_->Profile();
  std::vector<NodeTime> times;
  for (std::size_t s = 0; s < profile_.size(); ++s) times.push_back({steps_[s].node, profile_[s]});
  return times;
}

void Executor::SetConstant(ValueId id, const Tensor* elements) {
  if (slice_) return slice_->SetConstant(id, elements);
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
  if (slice_) return slice_->SetQuantizer(id, quantizer);
  quantizers_[Index(id)] = quantizer;
}

}  // namespace bw
