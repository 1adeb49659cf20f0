#include "bitwright/onnx/survey.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <vector>

#include "bitwright/graph/op.h"
#include "bitwright/onnx/upgrade.h"

namespace bw {
namespace {

bool Supported(const onnx::NodeProto& node) {
  if (!IsOnnxDomain(node.domain())) return FindOp(node.op_type(), node.domain()) != nullptr;
  const Upgrade* upgrade = FindUpgrade(node.op_type());
  if (upgrade == nullptr || upgrade->becomes.empty()) return FindOp(node.op_type()) != nullptr;
  return upgrade->becomes == kNoNode || FindOp(upgrade->becomes) != nullptr;
}

std::string FullName(const onnx::NodeProto& node) {
  return IsOnnxDomain(node.domain()) ? node.op_type()
                                     : fmt::format("{}.{}", node.domain(), node.op_type());
}

void CountUnsupported(const onnx::GraphProto& graph, std::map<std::string, int>& counts) {
  for (const onnx::NodeProto& node : graph.node()) {
    if (!Supported(node)) ++counts[FullName(node)];
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_g()) CountUnsupported(attribute.g(), counts);
      for (const onnx::GraphProto& inner : attribute.graphs()) CountUnsupported(inner, counts);
    }
  }
}

}  // namespace

bool IsOnnxDomain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

Expected<int> OpsetOf(const onnx::ModelProto& model) {
  for (const onnx::OperatorSetIdProto& opset : model.opset_import()) {
    if (!IsOnnxDomain(opset.domain())) continue;
    if (opset.version() >= kMinOpset && opset.version() <= kMaxOpset) {
      return static_cast<int>(opset.version());
    }
    return Fail("opset is {}, allowed are {} to {}; convert the model with onnx.version_converter",
                opset.version(), kMinOpset, kMaxOpset);
  }
  return Fail("names no opset of ONNX's operators, {} to {} are allowed", kMinOpset, kMaxOpset);
}

Expected<void> CheckOperators(const onnx::GraphProto& graph) {
  std::map<std::string, int> counts;
  CountUnsupported(graph, counts);
  if (counts.empty()) return {};
  std::vector<std::string> listed;
  for (const auto& [name, count] : counts) {
    listed.push_back(fmt::format("{} ({} node{})", name, count, count == 1 ? "" : "s"));
  }
  const auto known = std::count_if(ops::All().begin(), ops::All().end(),
                                   [](const OpDef* op) { return op->domain.empty(); });
  return Fail(
      "{} operator{} not supported: {}; allowed are {} of ONNX's, replace the others or cut the "
      "network before them",
      counts.size(), counts.size() == 1 ? " is" : "s are", fmt::join(listed, ", "), known);
}

}  // namespace bw
