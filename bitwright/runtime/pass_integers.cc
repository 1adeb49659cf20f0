#include "bitwright/runtime/pass_integers.h"

#include <map>
#include <utility>

#include "bitwright/graph/op.h"

namespace bw {
namespace {

// FromInteger right behind its ToInteger, where FakeQuantize stood.
void Reorder(Graph& graph) {
  std::vector<Node> nodes = std::move(graph.nodes);
  graph.nodes.clear();
  std::map<ValueId, std::size_t> decoders;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].op->name == "FromInteger") decoders[nodes[i].inputs[0]] = i;
  }
  for (Node& node : nodes) {
    if (node.op->name == "FromInteger") continue;
    const ValueId output = node.outputs[0];
    graph.nodes.push_back(std::move(node));
    const auto decoder = decoders.find(output);
    if (decoder != decoders.end()) graph.nodes.push_back(std::move(nodes[decoder->second]));
  }
}

// FakeQuantize whose values are wanted as integers: these come from the raw value, and the
// values, where somebody still reads them, from the integers.
void UseIntegers(Graph& graph) {
  std::vector<int> producers = Producers(graph);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    if (node.op->name != "ToInteger") continue;
    const int producer = producers[static_cast<std::size_t>(node.inputs[0])];
    Node& source = graph.nodes[static_cast<std::size_t>(producer)];
    if (source.op->name != "FakeQuantize") continue;
    const ValueId values = source.outputs[0], integers = node.outputs[0];
    source.op = FindOp("ToInteger", kOwnDomain);
    source.outputs = {integers};
    node.op = FindOp("FromInteger", kOwnDomain);
    node.inputs = {integers};
    node.outputs = {values};
    producers[static_cast<std::size_t>(integers)] = producer;
    producers[static_cast<std::size_t>(values)] = static_cast<int>(n);
  }
  Reorder(graph);
}

Node* SoleProducer(Graph& graph, ValueId id, const std::vector<int>& producers,
                   const std::vector<int>& uses) {
  const int producer = producers[static_cast<std::size_t>(id)];
  if (producer < 0 || uses[static_cast<std::size_t>(id)] != 1) return nullptr;
  return &graph.nodes[static_cast<std::size_t>(producer)];
}

// Bounds of Relu or of Clip with constant bounds, as attributes low and high.
bool ReadClip(const Graph& graph, const Node& node, Attributes& attributes) {
  if (node.op->name == "Relu") {
    attributes.Set("low", 0.0F);
    return true;
  }
  if (node.op->name != "Clip") return false;
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) continue;
    const auto& bound = graph.value(node.inputs[i]).constant;
    if (!bound || bound->dtype() != DType::kFloat32 || bound->size() != 1) return false;
    attributes.Set(i == 1 ? "low" : "high", bound->span<float>()[0]);
  }
  return true;
}

// IntegerConv -> [Relu or Clip] -> ToInteger becomes one IntegerConv of integers.
void FuseOutputs(Graph& graph) {
  const std::vector<int> producers = Producers(graph), uses = UseCounts(graph);
  for (Node& node : graph.nodes) {
    if (node.op->name != "ToInteger") continue;
    ValueId from = node.inputs[0];
    Attributes attributes = node.attributes;
    Node* producer = SoleProducer(graph, from, producers, uses);
    if (producer != nullptr && ReadClip(graph, *producer, attributes)) {
      from = producer->inputs[0];
      producer = SoleProducer(graph, from, producers, uses);
    }
    if (producer == nullptr || producer->op->name != "IntegerConv") continue;
    if (producer->attributes.Has("spec")) continue;
    for (const auto& [name, attribute] : attributes.items)
      producer->attributes.Set(name, attribute);
    producer->outputs = {node.outputs[0]};
    node.inputs.clear();  // dead
  }
  std::erase_if(graph.nodes, [](const Node& node) {
    return node.op->name == "ToInteger" && node.inputs.empty();
  });
}

}  // namespace

void PassIntegers(Graph& graph) {
  UseIntegers(graph);
  FuseOutputs(graph);
}

}  // namespace bw
