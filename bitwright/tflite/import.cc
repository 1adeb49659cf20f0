#include "bitwright/tflite/import.h"

#include <fstream>
#include <set>

#include "bitwright/base/file.h"
#include "bitwright/graph/set_types.h"
#include "bitwright/tflite/rule.h"

namespace bw {
namespace tflite {
namespace {

struct Found {
  const Rule* rule = nullptr;
  Covered covered{};
};

Found FindRule(int code) {
  for (const Rule* rule : tflite_rules::All()) {
    for (const Covered& covered : rule->operators) {
      if (covered.code == code) return {rule, covered};
    }
  }
  return {};
}

Expected<void> CheckOperators(const Model& model) {
  std::set<std::string> missing;
  for (const Operator& op : model.operators) {
    if (FindRule(op.code).rule == nullptr) missing.insert(op.name);
  }
  if (missing.empty()) return {};
  return Fail("uses {} unsupported operators: {}; docs/tflite.md lists the supported ones",
              missing.size(), fmt::join(missing, ", "));
}

Expected<void> Lower(const Operator& op, Lowering& to) {
  const Found found = FindRule(op.code);
  BW_CHECK(found.rule != nullptr);
  BW_TRY(to.Start(op));
  if (op.options_type != 0 && op.options_type != found.covered.options) {
    return Fail("its options are of kind {}, those of {} are of kind {}", op.options_type, op.name,
                found.covered.options);
  }
  BW_TRY(found.rule->lower(to));
  return to.Finish();
}

// The file states the type of each tensor; what the nodes give must agree.
Expected<void> CheckPromises(const Graph& graph, const std::vector<Lowering::Promise>& promises,
                             const InferredTypes& inferred) {
  for (const Lowering::Promise& promise : promises) {
    const TensorType& got = inferred.types[static_cast<std::size_t>(promise.value)];
    if (got == promise.type) continue;
    return Fail("{}: gives {}{} for '{}', the file declares {}{}", promise.where,
                DTypeName(got.dtype), ShapeText(got.shape), graph.value(promise.value).name,
                DTypeName(promise.type.dtype), ShapeText(promise.type.shape));
  }
  return {};
}

Expected<Graph> Convert(std::string_view bytes) {
  FlatFile file(bytes);
  BW_ASSIGN(const Model model, ReadModel(file));
  BW_TRY(CheckOperators(model));
  Lowering lowering(model);
  BW_TRY(lowering.AddInputs());
  for (const Operator& op : model.operators) {
    if (auto done = Lower(op, lowering); !done) return Context(op.where, std::move(done).error());
  }
  const std::vector<Lowering::Promise> promises = lowering.promises();
  BW_ASSIGN(Graph graph, std::move(lowering).Done());
  BW_TRY(Verify(graph));
  std::vector<Shape> shapes;
  for (const int tensor : model.inputs) {
    shapes.push_back(model.tensors[static_cast<std::size_t>(tensor)].shape);
  }
  BW_ASSIGN(const InferredTypes inferred, InferTypes(graph, shapes));
  BW_TRY(CheckPromises(graph, promises, inferred));
  BW_TRY(FoldConstants(graph));
  RemoveDead(graph);
  BW_TRY(SetTypes(graph));
  BW_TRY(Verify(graph));
  return graph;
}

}  // namespace
}  // namespace tflite

bool IsTflite(std::string_view bytes) { return bytes.size() >= 8 && bytes.substr(4, 4) == "TFL3"; }

bool IsTfliteFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char head[8] = {};
  return file.read(head, sizeof(head)) && IsTflite({head, sizeof(head)});
}

Expected<Graph> ImportTflite(const std::string& path) {
  BW_ASSIGN(const std::string bytes, ReadFile(path));
  return ImportTfliteBytes(bytes, path);
}

Expected<Graph> ImportTfliteBytes(std::string_view bytes, const std::string& label) {
  auto graph = tflite::Convert(bytes);
  if (!graph) return Context(label, std::move(graph).error());
  return graph;
}

}  // namespace bw
