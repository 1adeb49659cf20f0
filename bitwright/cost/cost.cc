#include "bitwright/cost/cost.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "bitwright/quant/stored_bytes.h"

namespace bw {
namespace {

constexpr std::string_view kForAll[] = {"storage", "bitops"};  // whatever the target

struct BoundModel {
  const CostModel* model = nullptr;
  std::unique_ptr<LayerModel> bound;
};

Expected<std::vector<BoundModel>> BindModels(const CostTarget* target) {
  std::vector<BoundModel> all;
  for (const CostModel* model : cost_models::All()) {
    if (std::find(std::begin(kForAll), std::end(kForAll), model->name) == std::end(kForAll))
      continue;
    BW_ASSIGN(std::unique_ptr<LayerModel> bound, model->bind({}));
    all.push_back({model, std::move(bound)});
  }
  const auto is_target = [&](const BoundModel& m) { return m.model == target->model; };
  if (target == nullptr || std::any_of(all.begin(), all.end(), is_target)) return all;
  Expected<std::unique_ptr<LayerModel>> bound = target->model->bind(target->parameters);
  if (!bound) return Context(fmt::format("target '{}'", target->name), bound.error());
  all.push_back({target->model, *std::move(bound)});
  return all;
}

std::vector<std::size_t> TensorsOf(const LayerWork& layer, bool with_readers) {
  std::set<std::size_t> all(layer.weights_owned.begin(), layer.weights_owned.end());
  all.insert(layer.activations_made.begin(), layer.activations_made.end());
  if (with_readers) all.insert(layer.reader_weights.begin(), layer.reader_weights.end());
  for (const TensorIndex tensor : layer.inputs) {
    if (tensor) all.insert(*tensor);
  }
  for (const TensorIndex tensor : {layer.weight, layer.output}) {
    if (tensor) all.insert(*tensor);
  }
  return {all.begin(), all.end()};
}

Operand OperandOf(const QuantTargets& targets, TensorIndex tensor, SpecChoice specs) {
  const QuantSpec* spec = tensor ? specs[*tensor] : nullptr;
  if (spec == nullptr) return {};
  const QuantTarget& target = targets.tensors[*tensor];
  const auto bits = 8 * static_cast<double>(StoredBytes(target, spec));
  return {&spec->element.info(), bits / static_cast<double>(target.elements)};
}

Operands MakeOperands(const QuantTargets& targets, const LayerWork& layer, SpecChoice specs) {
  Operands operands;
  operands.weight = OperandOf(targets, layer.weight, specs);
  operands.output = OperandOf(targets, layer.output, specs);
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    const Operand input = OperandOf(targets, layer.inputs[i], specs);
    if (i == 0 || input.bits() > operands.input.bits()) operands.input = input;
  }
  return operands;
}

}  // namespace

struct LayerCosts::State {
  Work work;
  std::string target;  // its name
  std::vector<BoundModel> models;
  std::vector<std::vector<std::size_t>> tensors, alive;  // by layer

  // By model, layer and operands.
  using Key = std::tuple<const CostModel*, std::size_t, Operands>;
  std::mutex mutex;
  std::map<Key, Cost> known;

  LayerView View(std::size_t layer, SpecChoice specs) const {
    BW_CHECK(specs.size() == work.targets.tensors.size());
    return {work, layer, specs, MakeOperands(work.targets, work.layers[layer], specs)};
  }

  Cost Ask(const BoundModel& model, const LayerView& view) {
    if (model.model->reads != Reads::kOperands) return model.bound->Layer(view);
    const Key key{model.model, view.index, view.operands};
    {
      const std::lock_guard lock(mutex);
      if (const auto found = known.find(key); found != known.end()) return found->second;
    }
    const Cost cost = model.bound->Layer(view);
    const std::lock_guard lock(mutex);
    return known.emplace(key, cost).first->second;
  }
};

std::vector<const QuantSpec*> ChoiceOf(const Plan& plan, const QuantTargets& targets) {
  std::vector<const QuantSpec*> specs;
  for (const QuantTarget& target : targets.tensors) {
    const auto found = plan.tensors.find(target.name);
    specs.push_back(found == plan.tensors.end() ? nullptr : &found->second.spec);
  }
  return specs;
}

LayerCosts::LayerCosts(std::unique_ptr<State> state) : state_(std::move(state)) {}
LayerCosts::~LayerCosts() = default;
LayerCosts::LayerCosts(LayerCosts&&) noexcept = default;
LayerCosts& LayerCosts::operator=(LayerCosts&&) noexcept = default;

Expected<LayerCosts> LayerCosts::Create(const Graph& graph, const QuantTargets& targets,
                                        const CostTarget* target) {
  auto state = std::make_unique<State>();
  BW_ASSIGN(state->work, MakeWork(graph, targets));
  BW_ASSIGN(state->models, BindModels(target));
  state->target = target == nullptr ? "storage" : target->name;
  const bool with_readers =
      std::any_of(state->models.begin(), state->models.end(),
                  [](const BoundModel& m) { return m.model->reads == Reads::kReaders; });
  for (std::size_t l = 0; l < state->work.layers.size(); ++l) {
    state->tensors.push_back(TensorsOf(state->work.layers[l], with_readers));
    state->alive.emplace_back();
    for (std::size_t b = 0; b < state->work.buffers.size(); ++b) {
      const Buffer& buffer = state->work.buffers[b];
      if (buffer.first <= l && l <= buffer.last) state->alive[l].push_back(b);
    }
  }
  return LayerCosts(std::move(state));
}

const Work& LayerCosts::work() const { return state_->work; }

std::span<const std::size_t> LayerCosts::tensors(std::size_t layer) const {
  return state_->tensors[layer];
}

std::span<const std::size_t> LayerCosts::alive(std::size_t layer) const {
  return state_->alive[layer];
}

bool LayerCosts::Gives(Quantity quantity) const {
  return std::any_of(state_->models.begin(), state_->models.end(), [&](const BoundModel& m) {
    return std::find(m.model->gives.begin(), m.model->gives.end(), quantity) !=
           m.model->gives.end();
  });
}

Expected<void> LayerCosts::Require(Quantity quantity) const {
  if (Gives(quantity)) return {};
  std::vector<std::string_view> given, others;
  for (const QuantityInfo& info : Quantities()) {
    if (Gives(info.quantity)) given.push_back(info.name);
  }
  for (const CostTarget& target : BuiltInTargets()) {
    const auto gives = target.model->gives;
    if (std::find(gives.begin(), gives.end(), quantity) != gives.end())
      others.push_back(target.name);
  }
  return FailUsage("target '{}' does not say {}, it gives {}; targets that do: {}", state_->target,
                   InfoOf(quantity).name, fmt::join(given, ", "), fmt::join(others, ", "));
}

Cost LayerCosts::Layer(std::size_t layer, SpecChoice specs) const {
  const LayerView view = state_->View(layer, specs);
  Cost cost;
  for (const BoundModel& model : state_->models) cost.Merge(state_->Ask(model, view));
  return cost;
}

Cost LayerCosts::Total(SpecChoice specs) const {
  Cost total;
  for (std::size_t layer = 0; layer < layers(); ++layer) total.Combine(Layer(layer, specs));
  return total;
}

Operands LayerCosts::OperandsOf(std::size_t layer, SpecChoice specs) const {
  return state_->View(layer, specs).operands;
}

Breakdown LayerCosts::Explain(std::size_t layer, SpecChoice specs) const {
  return state_->models.back().bound->Explain(state_->View(layer, specs));
}

}  // namespace bw
