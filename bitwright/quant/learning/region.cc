#include "bitwright/quant/learning/region.h"

#include <algorithm>

namespace bw {
namespace {

std::size_t Index(std::int64_t id) { return static_cast<std::size_t>(id); }

}  // namespace

std::vector<ValueId> FindCuts(const Graph& graph, const InferredTypes& types) {
  std::vector<int> last(graph.values.size(), -1);
  const int count = static_cast<int>(graph.nodes.size());
  for (int n = 0; n < count; ++n) {
    for (const ValueId id : graph.nodes[Index(n)].inputs) {
      if (id != kNoValue && types.Constant(graph, id) == nullptr) last[Index(id)] = n;
    }
  }
  for (const ValueId id : graph.outputs) last[Index(id)] = count;
  std::vector<ValueId> live(graph.inputs), cuts;
  if (live.size() == 1) cuts.push_back(live[0]);
  for (int n = 0; n < count; ++n) {
    const Node& node = graph.nodes[Index(n)];
    for (const ValueId id : node.outputs) {
      if (id != kNoValue && types.Constant(graph, id) == nullptr) live.push_back(id);
    }
    std::erase_if(live, [&](ValueId id) { return last[Index(id)] <= n; });
    if (live.size() == 1 && live[0] != (cuts.empty() ? kNoValue : cuts.back()))
      cuts.push_back(live[0]);
  }
  return cuts;
}

std::vector<ValueId> FindRowCuts(const Graph& graph, const InferredTypes& types, double most) {
  std::vector<ValueId> cuts = FindCuts(graph, types);
  if (cuts.empty()) return cuts;
  const TensorType& input = types.types[Index(graph.inputs[0])];
  std::erase_if(cuts, [&](ValueId id) {
    const TensorType& type = types.types[Index(id)];
    if (id == cuts.front() || id == graph.outputs[0]) return false;
    if (type.dtype != DType::kFloat32 || type.shape.empty() || input.shape.empty() ||
        type.shape[0] != input.shape[0])
      return true;
    return static_cast<double>(ElementCount(type.shape)) >
           most * static_cast<double>(type.shape[0]);
  });
  return cuts;
}

Expected<Graph> CutOut(const Graph& graph, const InferredTypes& types, ValueId input,
                       const std::vector<ValueId>& outputs) {
  const std::vector<int> producers = Producers(graph);
  std::vector<char> wanted(graph.values.size(), 0);
  std::vector<ValueId> open = outputs;
  Graph part;
  part.name = graph.name;
  part.inputs = {input};
  part.outputs = outputs;
  part.values.resize(graph.values.size());
  std::vector<char> kept(graph.nodes.size(), 0);
  while (!open.empty()) {
    const ValueId id = open.back();
    open.pop_back();
    if (id == kNoValue || wanted[Index(id)]++ != 0) continue;
    part.value(id) = {graph.value(id).name, types.types[Index(id)], std::nullopt, std::nullopt};
    if (id == input) continue;
    if (const Tensor* constant = types.Constant(graph, id)) {
      part.value(id).constant = *constant;
      part.value(id).quantized = graph.value(id).quantized;
      continue;
    }
    if (producers[Index(id)] < 0) {
      return Fail("'{}' depends on '{}' besides '{}'", graph.value(outputs[0]).name,
                  graph.value(id).name, graph.value(input).name);
    }
    const auto n = Index(producers[Index(id)]);
    if (kept[n]++ != 0) continue;
    const std::vector<ValueId>& inputs = graph.nodes[n].inputs;
    open.insert(open.end(), inputs.begin(), inputs.end());
  }
  for (std::size_t n = 0; n < kept.size(); ++n) {
    if (kept[n] == 0) continue;
    part.nodes.push_back(graph.nodes[n]);
    for (ValueId& id : part.nodes.back().outputs) {
      if (id != kNoValue && wanted[Index(id)] == 0) id = kNoValue;
    }
  }
  return part;
}

}  // namespace bw
