#include "bitwright/graph/set_types.h"

#include <algorithm>

namespace bw {
namespace {

std::vector<Shape> ShapesAtBatch(const Graph& graph, std::int64_t batch) {
  std::vector<Shape> shapes;
  for (const ValueId id : graph.inputs) {
    shapes.push_back(graph.value(id).type.shape);
    std::replace(shapes.back().begin(), shapes.back().end(), std::int64_t{-1}, batch);
  }
  return shapes;
}

// Whether extents besides the first are left open: types then follow from what is given.
bool HasOpenExtents(const Graph& graph) {
  return std::any_of(graph.inputs.begin(), graph.inputs.end(), [&](ValueId id) {
    const Shape& shape = graph.value(id).type.shape;
    return !shape.empty() && std::find(shape.begin() + 1, shape.end(), -1) != shape.end();
  });
}

}  // namespace

Expected<InferredTypes> TypesAtOne(const Graph& graph) {
  auto types = InferTypes(graph, ShapesAtBatch(graph, 1), Open::kLeave);
  if (types || !HasOpenExtents(graph)) return types;
  InferredTypes open;
  open.types.resize(graph.values.size());
  open.open.resize(graph.values.size(), 1);
  return open;
}

Expected<void> SetTypes(Graph& graph) {
  BW_ASSIGN(const InferredTypes one, TypesAtOne(graph));
  const auto two = InferTypes(graph, ShapesAtBatch(graph, 2), Open::kLeave);
  std::vector<bool> fixed(graph.values.size());
  for (const ValueId id : graph.inputs) fixed[static_cast<std::size_t>(id)] = true;
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    if (fixed[v] || graph.values[v].constant) continue;
    TensorType type = one.types[v];
    if (one.open[v] != 0) type.shape = {-1};
    if (two && one.open[v] == 0 && two->types[v].shape.size() == type.shape.size()) {
      for (std::size_t a = 0; a < type.shape.size(); ++a) {
        if (two->types[v].shape[a] != type.shape[a]) type.shape[a] = -1;
      }
    }
    graph.values[v].type = std::move(type);
  }
  return {};
}

}  // namespace bw
