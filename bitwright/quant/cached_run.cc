#include "bitwright/quant/cached_run.h"

#include <algorithm>
#include <cstring>

#include "bitwright/graph/op.h"

namespace bw {
namespace {

struct Candidate {
  std::size_t value = 0;
  double work = 0;  // of all nodes up to the one that computes it
  std::size_t bytes = 0;
};

double Elements(const TensorType& type) { return static_cast<double>(ElementCount(type.shape)); }

// Multiply-accumulates, and an operation for each element that it gives.
double Work(const Node& node, const InferredTypes& types) {
  const auto types_of = [&](const std::vector<ValueId>& ids) {
    std::vector<TensorType> list;
    for (const ValueId id : ids)
      list.push_back(id == kNoValue ? TensorType{} : types.types[static_cast<std::size_t>(id)]);
    return list;
  };
  const std::vector<TensorType> outputs = types_of(node.outputs);
  double work = 0;
  for (const TensorType& output : outputs) work += Elements(output);
  if (node.op->macs == nullptr) return work;
  return work + static_cast<double>(node.op->macs(node, types_of(node.inputs), outputs));
}

std::vector<char> Boundaries(const Graph& graph) {
  const std::vector<int> uses = UseCounts(graph);
  std::vector<char> boundaries(graph.values.size(), 0);
  for (std::size_t v = 0; v < boundaries.size(); ++v) boundaries[v] = uses[v] > 1 ? 1 : 0;
  for (const Node& node : graph.nodes) {
    if (node.op->weight_input < 0) continue;
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) boundaries[static_cast<std::size_t>(id)] = 1;
    }
  }
  for (const ValueId id : graph.outputs) boundaries[static_cast<std::size_t>(id)] = 1;
  return boundaries;
}

// In execution order.
std::vector<Candidate> FindCandidates(const Graph& graph, const InferredTypes& types) {
  const std::vector<char> boundaries = Boundaries(graph);
  std::vector<Candidate> candidates;
  double work = 0;
  const auto add = [&](ValueId id) {
    if (id == kNoValue || boundaries[static_cast<std::size_t>(id)] == 0) return;
    if (types.Constant(graph, id) != nullptr) return;
    const TensorType& type = types.types[static_cast<std::size_t>(id)];
    const auto bytes = static_cast<std::size_t>(ElementCount(type.shape)) * DTypeBytes(type.dtype);
    candidates.push_back({static_cast<std::size_t>(id), work, bytes});
  };
  for (const ValueId id : graph.inputs) add(id);
  for (const Node& node : graph.nodes) {
    work += Work(node, types);
    std::for_each(node.outputs.begin(), node.outputs.end(), add);
  }
  return candidates;
}

}  // namespace

std::size_t BytesWorthKeeping(const Graph& graph, const InferredTypes& types) {
  // Keeping a byte takes as long as about 30 multiply-accumulates.
  constexpr double kWorkForAByte = 30, kPart = 0.1;
  double work = 0;
  for (const Node& node : graph.nodes) work += Work(node, types);
  return static_cast<std::size_t>(kPart * work / kWorkForAByte);
}

std::vector<char> Checkpoints(const Graph& graph, const InferredTypes& types, std::size_t bytes) {
  std::vector<Candidate> kept = FindCandidates(graph, types);
  std::size_t total = 0;
  for (const Candidate& candidate : kept) total += candidate.bytes;
  while (total > bytes) {
    const auto worth = [&](std::size_t i) {
      const double before = i == 0 ? 0 : kept[i - 1].work;
      return (kept[i].work - before) / static_cast<double>(std::max<std::size_t>(kept[i].bytes, 1));
    };
    std::size_t least = 0;
    for (std::size_t i = 1; i < kept.size(); ++i) {
      if (worth(i) < worth(least)) least = i;
    }
    total -= kept[least].bytes;
    kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(least));
  }
  std::vector<char> checkpoints(graph.values.size(), 0);
  for (const Candidate& candidate : kept) checkpoints[candidate.value] = 1;
  return checkpoints;
}

void CachedRun::Run(ConstTensorRef input, Executor& executor) {
  RunRequest request;
  for (std::size_t v = 0; v < keys_.size(); ++v)
    request.known.push_back(checkpoints_[v] != 0 ? cache_.Find(keys_[v]) : nullptr);
  request.watch = [&](ValueId id, ConstTensorRef value) {
    const auto v = static_cast<std::size_t>(id);
    if (checkpoints_[v] == 0) return;
    Tensor elements(value.dtype, value.shape);
    std::memcpy(TensorRef(elements).data, value.data, elements.bytes());
    fresh_.Insert(keys_[v], std::move(elements));
  };
  executor.Run({&input, 1}, request);
}

}  // namespace bw
