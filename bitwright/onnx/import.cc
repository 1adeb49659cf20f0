#include "bitwright/onnx/import.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <limits>

#include "bitwright/base/file.h"
#include "bitwright/graph/set_types.h"
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
