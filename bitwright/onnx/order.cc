#include "bitwright/onnx/order.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace bw {
namespace {

// producers[i]: the nodes that write what node i reads, once for each such input.
using Edges = std::vector<std::vector<int>>;

Edges ProducersOf(const onnx::GraphProto& graph) {
  std::unordered_map<std::string_view, int> writer;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& output : graph.node(i).output()) writer.emplace(output, i);
  }
  writer.erase("");
  Edges producers(static_cast<std::size_t>(graph.node_size()));
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& input : ReadNames(graph.node(i))) {
      const auto found = writer.find(input);
      if (found != writer.end()) producers[static_cast<std::size_t>(i)].push_back(found->second);
    }
  }
  return producers;
}

// Walking back over nodes that never became ready must come round.
int NodeOnCycle(const Edges& producers, const std::vector<int>& waiting) {
  int node = 0;
  while (waiting[static_cast<std::size_t>(node)] == 0) ++node;
  std::unordered_set<int> seen;
  while (seen.insert(node).second) {
    const std::vector<int>& back = producers[static_cast<std::size_t>(node)];
    node = *std::find_if(back.begin(), back.end(),
                         [&](int p) { return waiting[static_cast<std::size_t>(p)] > 0; });
  }
  return node;
}

}  // namespace

std::vector<std::string> FreeNames(const onnx::GraphProto& graph) {
  std::unordered_set<std::string> defined = {""};
  for (const auto& input : graph.input()) defined.insert(input.name());
  for (const auto& initializer : graph.initializer()) defined.insert(initializer.name());
  for (const auto& node : graph.node()) {
    defined.insert(node.output().begin(), node.output().end());
  }
  std::vector<std::string> free;
  const auto read = [&](const std::string& name) {
    if (defined.insert(name).second) free.push_back(name);
  };
  for (const auto& node : graph.node()) {
    for (const std::string& name : ReadNames(node)) read(name);
  }
  for (const auto& output : graph.output()) read(output.name());
  return free;
}

std::vector<std::string> ReadNames(const onnx::NodeProto& node) {
  std::vector<std::string> names(node.input().begin(), node.input().end());
  for (const auto& attribute : node.attribute()) {
    if (!attribute.has_g()) continue;
    const std::vector<std::string> free = FreeNames(attribute.g());
    names.insert(names.end(), free.begin(), free.end());
  }
  return names;
}

std::vector<std::string> NodeNames(const onnx::GraphProto& graph) {
  std::unordered_set<std::string> taken;
  for (const onnx::NodeProto& node : graph.node()) taken.insert(node.name());
  std::unordered_set<std::string> used;
  std::vector<std::string> names;
  for (int i = 0; i < graph.node_size(); ++i) {
    const onnx::NodeProto& node = graph.node(i);
    std::string name = node.name();
    const bool given = !name.empty() && used.insert(name).second;
    if (!given) {
      const std::string stem =
          name.empty() ? fmt::format("{}_{}", node.op_type(), i) : fmt::format("{}_2", name);
      name = stem;
      for (int k = 2; taken.contains(name) || !used.insert(name).second; ++k) {
        name = node.name().empty() ? fmt::format("{}_{}", stem, k)
                                   : fmt::format("{}_{}", node.name(), k + 1);
      }
    }
    names.push_back(std::move(name));
  }
  return names;
}

Expected<std::vector<int>> ExecutionOrder(const onnx::GraphProto& graph,
                                          const std::vector<std::string>& names) {
  const Edges producers = ProducersOf(graph);
  const std::size_t count = producers.size();
  Edges readers(count);
  std::vector<int> waiting(count);
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (std::size_t i = 0; i < count; ++i) {
    for (const int producer : producers[i]) {
      readers[static_cast<std::size_t>(producer)].push_back(static_cast<int>(i));
    }
    waiting[i] = static_cast<int>(producers[i].size());
    if (waiting[i] == 0) ready.push(static_cast<int>(i));
  }
  std::vector<int> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const int reader : readers[static_cast<std::size_t>(order.back())]) {
      if (--waiting[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
    }
  }
  if (order.size() == count) return order;
  const int node = NodeOnCycle(producers, waiting);
  return Fail("node '{}' ({}): reads what is computed from its own output, no cycles are allowed",
              names[static_cast<std::size_t>(node)], graph.node(node).op_type());
}

}  // namespace bw
