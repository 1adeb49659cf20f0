#include "bitwright/runtime/slices.h"

#include <algorithm>

namespace bw {
namespace {

constexpr double kCacheBytes = 1 << 20;

double Bytes(const Graph& graph, const InferredTypes& types, const std::vector<ValueId>& ids) {
  double bytes = 0;
  for (const ValueId id : ids) {
    if (id == kNoValue || types.Constant(graph, id) != nullptr) continue;
    const TensorType& type = types.types[static_cast<std::size_t>(id)];
    bytes +=
        static_cast<double>(ElementCount(type.shape)) * static_cast<double>(DTypeBytes(type.dtype));
  }
  return bytes;
}

bool AllHaveRows(const std::vector<ValueId>& ids, const InferredTypes& types, std::int64_t rows) {
  return std::all_of(ids.begin(), ids.end(), [&](ValueId id) {
    const Shape& shape = types.types[static_cast<std::size_t>(id)].shape;
    return !shape.empty() && shape[0] == rows;
  });
}

}  // namespace

std::vector<Shape> WithRows(std::vector<Shape> shapes, std::int64_t rows) {
  for (Shape& shape : shapes) shape[0] = rows;
  return shapes;
}

std::int64_t RowsAtATime(const Graph& graph, const InferredTypes& types) {
  std::vector<Shape> shapes;
  for (const ValueId id : graph.inputs)
    shapes.push_back(types.types[static_cast<std::size_t>(id)].shape);
  const std::int64_t rows = shapes.empty() || shapes[0].empty() ? 1 : shapes[0][0];
  if (rows <= 1 || !AllHaveRows(graph.inputs, types, rows) ||
      !AllHaveRows(graph.outputs, types, rows)) {
    return std::max<std::int64_t>(rows, 1);
  }
  double most = 1;
  for (const Node& node : graph.nodes)
    most = std::max(most, Bytes(graph, types, node.inputs) + Bytes(graph, types, node.outputs));
  const double each = most / static_cast<double>(rows);
  auto slice =
      static_cast<std::int64_t>(std::clamp(kCacheBytes / each, 1.0, static_cast<double>(rows)));
  while (rows % slice != 0) --slice;
  const auto sliced = InferTypes(graph, WithRows(shapes, slice));
  return sliced && AllHaveRows(graph.outputs, *sliced, slice) ? slice : rows;
}

}  // namespace bw
