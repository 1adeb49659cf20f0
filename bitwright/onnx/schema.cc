#include "bitwright/onnx/schema.h"

#include <onnx/defs/schema.h>

#include <algorithm>
#include <limits>

#include "bitwright/graph/op.h"

namespace bw {
namespace {
using onnx::AttributeProto;
using onnx::OpSchema;

constexpr std::string_view kKinds[] = {"an int",         "a float",          "a string",
                                       "a list of ints", "a list of floats", "a list of strings",
                                       "a tensor"};

// Place in Attribute (and kKinds) of ONNX's attribute type; -1 for those that Bitwright does not
// hold.
int KindOf(AttributeProto::AttributeType type) {
  switch (type) {
    case AttributeProto::INT:
      return 0;
    case AttributeProto::FLOAT:
      return 1;
    case AttributeProto::STRING:
      return 2;
    case AttributeProto::INTS:
      return 3;
    case AttributeProto::FLOATS:
      return 4;
    case AttributeProto::STRINGS:
      return 5;
    case AttributeProto::TENSOR:
      return 6;
    default:
      return -1;
  }
}

int KindOf(NewAttribute::Kind kind) {
  switch (kind) {
    case NewAttribute::Kind::kInt:
      return 0;
    case NewAttribute::Kind::kString:
      return 2;
    case NewAttribute::Kind::kInts:
      return 3;
  }
  return -1;
}

// Null for an operator that is newer than libonnx or of Bitwright's own domain.
Expected<const OpSchema*> SchemaOf(const Draft& node, int opset) {
  if (!node.domain.empty()) return nullptr;
  const OpSchema* schema =
      onnx::OpSchemaRegistry::Schema(node.op, std::min(opset, kGraphOpset), "");
  const OpDef* op = FindOp(node.op);
  const bool newer = op != nullptr && op->since > kGraphOpset && op->since <= opset;
  if (schema == nullptr && newer) return nullptr;
  if (schema == nullptr || schema->Deprecated()) {
    return Fail("opset {} has no operator {}, the file must name an opset that has", opset,
                node.op);
  }
  return schema;
}

// The kind that the attribute must have, or -1 when the operator has no such attribute.
int Wanted(const OpSchema* schema, const Draft& node, int opset, const Upgrade* upgrade,
           const std::string& name) {
  if (schema != nullptr) {
    const auto known = schema->attributes().find(name);
    if (known != schema->attributes().end()) return KindOf(known->second.type);
  }
  const OpDef* op = FindOp(node.op, node.domain);
  for (const AttributeRule& rule :
       op != nullptr ? op->attributes : std::span<const AttributeRule>()) {
    if (rule.name == name) return static_cast<int>(rule.kind);
  }
  if (upgrade == nullptr || opset <= kGraphOpset) return -1;
  for (const NewAttribute& attribute : upgrade->newer) {
    if (attribute.name == name) return KindOf(attribute.kind);
  }
  return -1;
}

std::string Range(int low, int high) {
  if (low == high) return fmt::format("{}", low);
  if (high == std::numeric_limits<int>::max()) return fmt::format("at least {}", low);
  return fmt::format("{} to {}", low, high);
}

Expected<void> CheckList(const std::vector<ValueId>& values,
                         const std::vector<OpSchema::FormalParameter>& formals, int low, int high,
                         std::string_view kind) {
  const int count = static_cast<int>(values.size());
  if (count < low || count > high) {
    return Fail("has {} {}s, {} allowed", count, kind, Range(low, high));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const OpSchema::FormalParameter& formal = formals[std::min(i, formals.size() - 1)];
    if (values[i] == kNoValue && formal.GetOption() != OpSchema::Optional) {
      return Fail("{} {} ('{}') is absent, it is needed", kind, i, formal.GetName());
    }
  }
  return {};
}

Expected<void> CheckLeast(const Draft& node, const OpSchema& schema) {
  constexpr int kMost = std::numeric_limits<int>::max();
  const auto least = static_cast<std::size_t>(schema.min_input());
  if (node.inputs.size() < least) {
    return Fail("has {} inputs, {} allowed", node.inputs.size(), Range(schema.min_input(), kMost));
  }
  const std::vector<ValueId> needed(node.inputs.begin(),
                                    node.inputs.begin() + static_cast<std::ptrdiff_t>(least));
  BW_TRY(CheckList(needed, schema.inputs(), 0, kMost, "input"));
  return CheckList(node.outputs, schema.outputs(), schema.min_output(), schema.max_output(),
                   "output");
}

}  // namespace

Expected<void> CheckAttributes(const Draft& node, int opset, const Upgrade* upgrade) {
  BW_ASSIGN(const OpSchema* schema, SchemaOf(node, opset));
  for (const auto& [name, attribute] : node.attributes.items) {
    const int wanted = Wanted(schema, node, opset, upgrade, name);
    if (wanted < 0) {
      return Fail("attribute '{}' is not one of {} in opset {}, remove it", name, node.op, opset);
    }
    if (wanted != static_cast<int>(attribute.index())) {
      return Fail("attribute '{}' is {}, {} is needed", name, kKinds[attribute.index()],
                  kKinds[wanted]);
    }
  }
  if (schema == nullptr) return {};
  for (const auto& [name, attribute] : schema->attributes()) {
    const bool graph = attribute.type == AttributeProto::GRAPH;
    if (attribute.required && !graph && !node.attributes.Has(name)) {
      return Fail("attribute '{}' is missing, it is needed", name);
    }
  }
  return {};
}

Expected<void> CheckArity(const Draft& node, int opset) {
  BW_ASSIGN(const OpSchema* schema, SchemaOf(node, opset));
  if (schema == nullptr) return {};
  if (opset > kGraphOpset) return CheckLeast(node, *schema);
  BW_TRY(
      CheckList(node.inputs, schema->inputs(), schema->min_input(), schema->max_input(), "input"));
  return CheckList(node.outputs, schema->outputs(), schema->min_output(), schema->max_output(),
                   "output");
}

}  // namespace bw
