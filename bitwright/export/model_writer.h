#pragma once
// The model being written: nodes of its graph, shared tables and local functions, each once.

#include <onnx/onnx_pb.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/export/proto.h"
#include "bitwright/graph/graph.h"

namespace bw {

// Domain of the local functions; short, since every one of their nodes repeats it.
inline constexpr std::string_view kFunctionDomain = "bw";
inline constexpr int kOpset = 17;

class ModelWriter {
 public:
  // Names of the graph's values are taken.
  explicit ModelWriter(const Graph& graph);

  // `stem`, or `stem` with a suffix where it is taken.
  std::string FreshName(const std::string& stem);

  // Adds a tensor under a fresh name made from its own; gives that name.
  std::string AddInitializer(onnx::TensorProto tensor);

  // The tensor known by `key`: made and added on the first call, under its own name or the key.
  std::string SharedTable(const std::string& key, const std::function<onnx::TensorProto()>& make);

  // The one-dimensional uint8 tensor with these elements; equal contents are one tensor.
  std::string SharedBytes(const std::string& stem, const std::vector<std::uint8_t>& elements);

  // Makes the local function `name` with output "y": its body is built on the first call.
  void NeedFunction(const std::string& name, const std::vector<std::string>& inputs,
                    const std::function<void(proto::Body&)>& build);

  // A node that calls a local function.
  void Call(const std::string& function, std::vector<std::string> inputs, const std::string& output,
            std::vector<onnx::AttributeProto> attributes);

  onnx::GraphProto& graph() { return *model_.mutable_graph(); }

  // The whole model; functions in the order of their names.
  onnx::ModelProto Finish();

 private:
  onnx::ModelProto model_;
  std::set<std::string> names_;
  std::map<std::string, std::string> tables_;  // key -> initializer
  std::map<std::string, onnx::FunctionProto> functions_;
};

}  // namespace bw
