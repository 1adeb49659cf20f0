#include "bitwright/runtime/work.h"

#include "bitwright/graph/infer.h"
#include "bitwright/graph/op.h"

namespace bw {

Expected<std::int64_t> CountMacs(const Graph& graph, std::int64_t batch) {
  BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(graph, batch));
  BW_ASSIGN(const InferredTypes types, InferTypes(graph, shapes));
  const auto types_of = [&](const std::vector<ValueId>& ids) {
    std::vector<TensorType> list;
    for (const ValueId id : ids) {
      list.push_back(id == kNoValue ? TensorType{} : types.types[static_cast<std::size_t>(id)]);
    }
    return list;
  };
  std::int64_t macs = 0;
  for (const Node& node : graph.nodes) {
    if (node.op->macs != nullptr)
      macs += node.op->macs(node, types_of(node.inputs), types_of(node.outputs));
  }
  return macs;
}

}  // namespace bw
