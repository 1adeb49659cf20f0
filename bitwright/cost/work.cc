#include "bitwright/cost/work.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "bitwright/cost/extents.h"
#include "bitwright/graph/infer.h"
#include "bitwright/graph/op.h"

namespace bw {
namespace {

constexpr std::string_view kViews[] = {"Reshape",  "Flatten", "Squeeze", "Unsqueeze",
                                       "Identity", "Dropout", "Concat"};

std::size_t Index(std::int64_t id) { return static_cast<std::size_t>(id); }

class Builder {
 public:
  Builder(const Graph& graph, const InferredTypes& types, const QuantTargets& targets)
      : graph_(graph), types_(types), producers_(Producers(graph)) {
    work_.targets = targets;
    for (std::size_t t = 0; t < targets.tensors.size(); ++t)
      target_of_[targets.tensors[t].value] = t;
    for (const ValueId id : targets.float_activations) floats_.push_back(id);
    buffers_of_.resize(graph.values.size());
  }

  Work Build() {
    AddInputs();
    MakeChains();
    for (const std::vector<std::size_t>& chain : chains_) AddLayer(chain);
    const std::size_t end = work_.layers.empty() ? 0 : work_.layers.size() - 1;
    for (const ValueId id : graph_.outputs) Touch(id, end);
    ChargeRest();
    for (LayerWork& layer : work_.layers) FindReaders(layer);
    KeepSource();
    return std::move(work_);
  }

 private:
  const TensorType& Type(ValueId id) const { return types_.types[Index(id)]; }

  bool IsData(ValueId id) const {
    return id != kNoValue && types_.Constant(graph_, id) == nullptr &&
           Type(id).dtype == DType::kFloat32;
  }

  bool IsStored(ValueId id) const {
    return target_of_.contains(id) ||
           std::find(floats_.begin(), floats_.end(), id) != floats_.end();
  }

  TensorIndex TargetOf(ValueId id) const {
    const auto found = target_of_.find(id);
    return found == target_of_.end() ? std::nullopt : TensorIndex(found->second);
  }

  bool IsView(const Node& node) const {
    return std::find(std::begin(kViews), std::end(kViews), node.op->name) != std::end(kViews) &&
           !IsStored(node.outputs[0]);
  }

  // The value is the result of a node that another node goes on with in place.
  bool IsPassedOn(ValueId id) const {
    if (!IsData(id) || IsStored(id)) return false;
    const int producer = producers_[Index(id)];
    return producer >= 0 && graph_.nodes[Index(producer)].op->role != OpRole::kMovement;
  }

  // Nodes in chains, in the order of the chains' last nodes; views are in none.
  void MakeChains() {
    std::vector<std::vector<std::size_t>> all;
    std::vector<std::size_t> chain_of(graph_.nodes.size());
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (std::none_of(node.outputs.begin(), node.outputs.end(),
                       [&](ValueId id) { return IsData(id); }) ||
          IsView(node)) {
        continue;
      }
      const auto passed = std::find_if(node.inputs.begin(), node.inputs.end(),
                                       [&](ValueId id) { return IsPassedOn(id); });
      if (passed == node.inputs.end()) {
        chain_of[n] = all.size();
        all.push_back({n});
      } else {
        chain_of[n] = chain_of[Index(producers_[Index(*passed)])];
        all[chain_of[n]].push_back(n);
      }
    }
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return a.back() < b.back(); });
    chains_ = std::move(all);
  }

  void AddInputs() {
    for (const ValueId id : graph_.inputs) {
      if (!IsData(id)) continue;
      LayerWork layer;
      layer.name = graph_.value(id).name;
      layer.op = "Input";
      layer.kind = LayerKind::kInput;
      work_.layers.push_back(std::move(layer));
      Store(id, {}, work_.layers.size() - 1);
    }
  }

  void AddLayer(const std::vector<std::size_t>& chain) {
    const Node& head = graph_.nodes[chain.front()];
    const std::size_t at = work_.layers.size();
    work_.layers.emplace_back();
    work_.layers[at].name = head.name;
    work_.layers[at].op = head.op->name;
    if (head.op->macs != nullptr) Multiply(head, work_.layers[at]);
    std::vector<std::size_t> sources;
    for (const std::size_t n : chain) {
      for (const ValueId id : graph_.nodes[n].inputs) AddViews(id, work_.layers[at]);
      work_.layers[at].nodes.push_back(n);
      for (const ValueId id : graph_.nodes[n].inputs) {
        Touch(id, at);
        Own(id, work_.layers[at]);
      }
      for (const ValueId id : graph_.nodes[n].outputs) {
        if (!IsData(id)) continue;
        const bool copy = graph_.nodes[n].op->role == OpRole::kMovement && !IsStored(id);
        if (copy) sources = Buffers(graph_.nodes[n].inputs[0]);
        if (copy || IsStored(id)) Store(id, sources, at);
      }
    }
  }

  // Views that this layer is the first to look through.
  void AddViews(ValueId id, LayerWork& layer) {
    const int producer = id == kNoValue ? -1 : producers_[Index(id)];
    if (producer < 0 || !IsView(graph_.nodes[Index(producer)]) || !IsData(id)) return;
    if (!viewed_.insert(Index(producer)).second) return;
    for (const ValueId source : graph_.nodes[Index(producer)].inputs) AddViews(source, layer);
    layer.nodes.push_back(Index(producer));
  }

  void Multiply(const Node& node, LayerWork& layer) {
    const auto types = [&](const std::vector<ValueId>& ids) {
      std::vector<TensorType> list;
      for (const ValueId id : ids) list.push_back(id == kNoValue ? TensorType{} : Type(id));
      return list;
    };
    const std::vector<TensorType> inputs = types(node.inputs), outputs = types(node.outputs);
    layer.macs = node.op->macs(node, inputs, outputs);
    layer.extents = ExtentsOf(node, inputs, outputs, layer.macs);
    layer.kind = node.op->name.starts_with("Conv") ? LayerKind::kConv : LayerKind::kProduct;
    for (const std::size_t b : Buffers(node.inputs[0])) {
      const TensorIndex tensor = work_.buffers[b].tensor;
      if (std::find(layer.inputs.begin(), layer.inputs.end(), tensor) == layer.inputs.end())
        layer.inputs.push_back(tensor);
    }
    layer.input_elements = ElementCount(inputs[0].shape);
    layer.output_elements = ElementCount(outputs[0].shape);
    if (node.op->weight_input < 0) return;
    const ValueId weight = node.inputs[Index(node.op->weight_input)];
    layer.weight_elements = ElementCount(Type(weight).shape);
    layer.weight = TargetOf(weight);
    if (!layer.weight && !Buffers(weight).empty())
      layer.weight = work_.buffers[Buffers(weight)[0]].tensor;
  }

  std::vector<std::size_t> Buffers(ValueId id) const {
    if (id == kNoValue) return {};
    const int producer = producers_[Index(id)];
    if (producer >= 0 && IsView(graph_.nodes[Index(producer)])) {
      const Node& view = graph_.nodes[Index(producer)];
      if (view.op->name != "Concat") return Buffers(view.inputs[0]);
      std::vector<std::size_t> all;
      for (const ValueId part : view.inputs) {
        const std::vector<std::size_t> some = Buffers(part);
        all.insert(all.end(), some.begin(), some.end());
      }
      return all;
    }
    return buffers_of_[Index(id)];
  }

  // The value's memory is in use until the layer has run.
  void Touch(ValueId id, std::size_t layer) {
    for (const std::size_t b : Buffers(id))
      work_.buffers[b].last = std::max(work_.buffers[b].last, layer);
  }

  // A float constant that no earlier layer reads is this layer's.
  void Own(ValueId id, LayerWork& layer) {
    if (id == kNoValue || owned_[id]) return;
    const std::optional<Tensor>& constant = graph_.value(id).constant;
    if (!constant || constant->dtype() != DType::kFloat32) return;
    owned_[id] = true;
    if (const TensorIndex target = TargetOf(id))
      layer.weights_owned.push_back(*target);
    else
      layer.float_weight_elements += constant->size();
  }

  void Store(ValueId id, const std::vector<std::size_t>& sources, std::size_t at) {
    LayerWork& layer = work_.layers[at];
    layer.stored.push_back(id);
    const std::int64_t elements = ElementCount(Type(id).shape);
    const TensorIndex target = TargetOf(id);
    if (target)
      layer.activations_made.push_back(*target);
    else if (sources.empty())
      layer.float_activation_elements += elements;
    if (!layer.output) layer.output = target;
    std::int64_t total = 0, left = elements;
    for (const std::size_t b : sources) total += work_.buffers[b].elements;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const Buffer source = work_.buffers[sources[i]];
      const std::int64_t part = i + 1 == sources.size()
                                    ? left
                                    : elements * source.elements / std::max<std::int64_t>(1, total);
      left -= part;
      Place(id, {source.tensor, part, at, at});
    }
    if (sources.empty()) Place(id, {target, elements, at, at});
  }

  void Place(ValueId id, const Buffer& buffer) {
    buffers_of_[Index(id)].push_back(work_.buffers.size());
    work_.buffers.push_back(buffer);
  }

  // Constants that no layer reads, so that all of the network's are counted.
  void ChargeRest() {
    if (work_.layers.empty()) return;
    std::int64_t counted = 0;
    for (const LayerWork& layer : work_.layers) counted += layer.float_weight_elements;
    work_.layers.back().float_weight_elements += work_.targets.float_weight_elements - counted;
  }

  void FindReaders(LayerWork& layer) const {
    for (const Node& node : graph_.nodes) {
      if (node.op->name != "Conv") continue;
      const auto& stored = layer.stored;
      if (std::find(stored.begin(), stored.end(), node.inputs[0]) == stored.end()) continue;
      if (const TensorIndex weight = TargetOf(node.inputs[1]))
        layer.reader_weights.push_back(*weight);
    }
  }

  void KeepSource() {
    auto source = std::make_shared<WorkSource>(WorkSource{graph_, types_, {}, {}});
    for (ValueId id = 0; id < static_cast<ValueId>(graph_.values.size()); ++id) {
      TensorIndex tensor = TargetOf(id);
      source->is_target.push_back(tensor ? 1 : 0);
      const std::vector<std::size_t> buffers = Buffers(id);
      if (buffers.size() == 1) tensor = work_.buffers[buffers[0]].tensor;
      source->tensor_of.push_back(tensor);
    }
    work_.source = std::move(source);
  }

  const Graph& graph_;
  const InferredTypes& types_;
  std::vector<int> producers_;
  std::map<ValueId, std::size_t> target_of_;
  std::map<ValueId, bool> owned_;
  std::set<std::size_t> viewed_;  // nodes
  std::vector<ValueId> floats_;
  std::vector<std::vector<std::size_t>> buffers_of_;  // by value
  std::vector<std::vector<std::size_t>> chains_;
  Work work_;
};

}  // namespace

Expected<Work> MakeWork(const Graph& graph, const QuantTargets& targets) {
  BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(graph, 1));
  BW_ASSIGN(const InferredTypes types, InferTypes(graph, shapes));
  return Builder(graph, types, targets).Build();
}

}  // namespace bw
