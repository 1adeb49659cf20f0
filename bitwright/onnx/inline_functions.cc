#include "bitwright/onnx/inline_functions.h"

#include <map>
#include <string>
#include <unordered_set>
#include <utility>

#include "bitwright/onnx/order.h"

namespace bw {
namespace {

constexpr int kMaxDepth = 32;
constexpr int kMaxNodes = 1 << 20;

using Names = std::map<std::string, std::string>;  // in the function -> in the graph
using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

std::string FullName(const onnx::NodeProto& node) {
  return fmt::format("node '{}' ({}{}{})", node.name(), node.domain(),
                     node.domain().empty() ? "" : ".", node.op_type());
}

class Inliner {
 public:
  explicit Inliner(const onnx::ModelProto& model) {
    for (const auto& function : model.functions()) {
      functions_[{function.domain(), function.name()}] = &function;
    }
  }

  Expected<void> Expand(onnx::GraphProto& graph, int depth) {
    BW_ASSIGN(Nodes nodes, ExpandNodes(graph.node(), depth));
    *graph.mutable_node() = std::move(nodes);
    return {};
  }

 private:
  Expected<Nodes> ExpandNodes(const Nodes& from, int depth);
  Expected<void> Call(const onnx::FunctionProto& function, const onnx::NodeProto& call, int depth,
                      Nodes& to);

  std::map<std::pair<std::string, std::string>, const onnx::FunctionProto*> functions_;
  int calls_ = 0, nodes_ = 0;
};

void RenameAll(google::protobuf::RepeatedPtrField<std::string>& list, const Names& names) {
  for (std::string& name : list) {
    const auto found = names.find(name);
    if (found != names.end()) name = found->second;
  }
}

void RenameNode(onnx::NodeProto& node, const Names& names);

// In a graph inside a function only what it reads of the function is renamed.
void RenameFree(onnx::GraphProto& graph, const Names& names) {
  Names free;
  for (const std::string& name : FreeNames(graph)) {
    const auto found = names.find(name);
    if (found != names.end()) free.insert(*found);
  }
  for (auto& node : *graph.mutable_node()) RenameNode(node, free);
  for (auto& output : *graph.mutable_output()) {
    const auto found = free.find(output.name());
    if (found != free.end()) output.set_name(found->second);
  }
}

void RenameNode(onnx::NodeProto& node, const Names& names) {
  RenameAll(*node.mutable_input(), names);
  RenameAll(*node.mutable_output(), names);
  for (auto& attribute : *node.mutable_attribute()) {
    if (attribute.has_g()) RenameFree(*attribute.mutable_g(), names);
  }
}

// Attributes that refer to the call's take its values; those that the call leaves out are dropped.
void BindAttributes(onnx::NodeProto& node, const onnx::NodeProto& call) {
  auto bound = node.attribute();
  bound.Clear();
  for (const auto& attribute : node.attribute()) {
    if (attribute.ref_attr_name().empty()) {
      *bound.Add() = attribute;
      if (bound.rbegin()->has_g()) {
        for (auto& inner : *bound.rbegin()->mutable_g()->mutable_node())
          BindAttributes(inner, call);
      }
      continue;
    }
    for (const auto& given : call.attribute()) {
      if (given.name() != attribute.ref_attr_name()) continue;
      *bound.Add() = given;
      bound.rbegin()->set_name(attribute.name());
    }
  }
  *node.mutable_attribute() = std::move(bound);
}

Expected<void> Inliner::Call(const onnx::FunctionProto& function, const onnx::NodeProto& call,
                             int depth, Nodes& to) {
  if (depth >= kMaxDepth || nodes_ > kMaxNodes) {
    return Fail("{}: functions call each other more than {} deep, no function may call itself",
                FullName(call), kMaxDepth);
  }
  if (call.input_size() > function.input_size() || call.output_size() > function.output_size()) {
    return Fail("{}: has {} inputs and {} outputs, the function takes {} and gives {}",
                FullName(call), call.input_size(), call.output_size(), function.input_size(),
                function.output_size());
  }
  const std::string prefix =
      fmt::format("{}.{}", call.name().empty() ? call.op_type() : call.name(), calls_++);
  Names names;
  for (int i = 0; i < function.input_size(); ++i) {
    names[function.input(i)] = i < call.input_size() ? call.input(i) : "";
  }
  for (int i = 0; i < function.output_size(); ++i) {
    const bool read = i < call.output_size() && !call.output(i).empty();
    names.try_emplace(function.output(i),
                      read ? call.output(i) : fmt::format("{}.{}", prefix, function.output(i)));
  }
  for (const auto& node : function.node()) {
    for (const std::string& output : node.output()) {
      if (!output.empty()) names.try_emplace(output, fmt::format("{}.{}", prefix, output));
    }
  }
  Nodes body = function.node();
  for (auto& node : body) {
    BindAttributes(node, call);
    RenameNode(node, names);
    node.set_name(fmt::format("{}.{}", prefix, node.name().empty() ? node.op_type() : node.name()));
  }
  auto expanded = ExpandNodes(body, depth + 1);
  if (!expanded) {
    // The outermost call is the one in the file.
    return depth > 0
               ? tl::unexpected(std::move(expanded).error())
               : Fail("{}: {}", FullName(call),
                      expanded.error().message.substr(expanded.error().message.find("): ") + 3));
  }
  to.MergeFrom(*expanded);
  return {};
}

Expected<Nodes> Inliner::ExpandNodes(const Nodes& from, int depth) {
  Nodes nodes;
  for (const auto& node : from) {
    const auto found = functions_.find({node.domain(), node.op_type()});
    if (found != functions_.end()) {
      BW_TRY(Call(*found->second, node, depth, nodes));
      continue;
    }
    ++nodes_;
    *nodes.Add() = node;
    for (auto& attribute : *nodes.rbegin()->mutable_attribute()) {
      if (attribute.has_g()) BW_TRY(Expand(*attribute.mutable_g(), depth));
    }
  }
  return nodes;
}

}  // namespace

Expected<void> InlineFunctions(onnx::ModelProto& model) {
  if (model.functions_size() == 0) return {};
  return Inliner(model).Expand(*model.mutable_graph(), 0);
}

}  // namespace bw
