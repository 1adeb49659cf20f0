#include "bitwright/onnx/import.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "bitwright/base/file.h"
#include "bitwright/graph/infer.h"
#include "bitwright/onnx/build_graph.h"
#include "bitwright/onnx/inline_functions.h"
#include "bitwright/onnx/survey.h"

namespace bw {
namespace {

Expected<onnx::ModelProto> ParseModel(std::string_view bytes) {
  constexpr std::size_t kLimit = std::numeric_limits<int>::max();
  if (bytes.empty()) return Fail("not an ONNX model: the file is empty");
  if (bytes.size() > kLimit) {
    return Fail("is {} bytes, at most {} are allowed; keep the weights as external data",
                bytes.size(), kLimit);
  }
  const google::protobuf::LogSilencer silence;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  onnx::ModelProto model;
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    return Fail("not an ONNX model: its {} bytes are truncated or of another kind", bytes.size());
  }
  if (!model.has_graph()) return Fail("not an ONNX model: it holds no graph, one is needed");
  return model;
}

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

// Types at batch 1. Where other extents are open and 1 does not fit them, everything is open.
Expected<InferredTypes> TypesAtOne(const Graph& graph) {
  auto types = InferTypes(graph, ShapesAtBatch(graph, 1), Open::kLeave);
  if (types || !HasOpenExtents(graph)) return types;
  InferredTypes open;
  open.types.resize(graph.values.size());
  open.open.resize(graph.values.size(), 1);
  return open;
}

// Writes the inferred type to each value that is neither input nor constant; extents that follow
// the batch become -1.
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

Expected<Graph> Convert(std::string_view bytes, const std::string& folder) {
  BW_ASSIGN(onnx::ModelProto model, ParseModel(bytes));
  BW_ASSIGN(const int opset, OpsetOf(model));
  BW_TRY(InlineFunctions(model));
  BW_TRY(CheckOperators(model.graph()));
  BW_ASSIGN(Graph graph, BuildGraph(model.graph(), opset, folder));
  BW_TRY(Verify(graph));
  BW_TRY(TypesAtOne(graph));
  BW_TRY(FoldConstants(graph));
  RemoveDead(graph);
  BW_TRY(SetTypes(graph));
  BW_TRY(Verify(graph));
  return graph;
}

}  // namespace

Expected<Graph> ImportOnnx(const std::string& path) {
  BW_ASSIGN(const std::string bytes, ReadFile(path));
  return ImportOnnxBytes(bytes, std::filesystem::path(path).parent_path().string(), path);
}

Expected<Graph> ImportOnnxBytes(std::string_view bytes, const std::string& folder,
                                const std::string& label) {
  auto graph = Convert(bytes, folder);
  if (!graph) return Context(label, std::move(graph).error());
  return graph;
}

}  // namespace bw
