#include "bitwright/onnx/attribute_proto.h"

#include "bitwright/graph/op.h"
#include "bitwright/onnx/tensor_proto.h"

namespace bw {
namespace {
using onnx::AttributeProto;

// Files older than IR version 2 leave the type out.
AttributeProto::AttributeType TypeOf(const AttributeProto& proto) {
  if (proto.type() != AttributeProto::UNDEFINED) return proto.type();
  if (proto.has_i()) return AttributeProto::INT;
  if (proto.has_f()) return AttributeProto::FLOAT;
  if (proto.has_s()) return AttributeProto::STRING;
  if (proto.has_t()) return AttributeProto::TENSOR;
  if (proto.has_g()) return AttributeProto::GRAPH;
  if (proto.ints_size() > 0) return AttributeProto::INTS;
  if (proto.floats_size() > 0) return AttributeProto::FLOATS;
  if (proto.strings_size() > 0) return AttributeProto::STRINGS;
  return AttributeProto::UNDEFINED;
}

Expected<Attribute> FromProto(const AttributeProto& proto, const std::string& folder) {
  using Ints = std::vector<std::int64_t>;
  using Floats = std::vector<float>;
  using Strings = std::vector<std::string>;
  switch (TypeOf(proto)) {
    case AttributeProto::INT:
      return Attribute(std::int64_t{proto.i()});
    case AttributeProto::FLOAT:
      return Attribute(proto.f());
    case AttributeProto::STRING:
      return Attribute(proto.s());
    case AttributeProto::INTS:
      return Attribute(Ints(proto.ints().begin(), proto.ints().end()));
    case AttributeProto::FLOATS:
      return Attribute(Floats(proto.floats().begin(), proto.floats().end()));
    case AttributeProto::STRINGS:
      return Attribute(Strings(proto.strings().begin(), proto.strings().end()));
    case AttributeProto::TENSOR: {
      BW_ASSIGN(Tensor tensor, TensorFromProto(proto.t(), folder));
      return Attribute(std::move(tensor));
    }
    case AttributeProto::UNDEFINED:
      return Fail("has no value, one is needed");
    default:
      return Fail("is of kind {}, allowed are numbers, strings, their lists and tensors",
                  AttributeProto::AttributeType_Name(TypeOf(proto)));
  }
}

}  // namespace

Expected<Attributes> AttributesFromProto(const onnx::NodeProto& node, const std::string& folder) {
  Attributes attributes;
  const OpDef* op = FindOp(node.op_type(), "");
  const bool takes_graphs = op != nullptr && op->control != nullptr;
  for (const AttributeProto& proto : node.attribute()) {
    const std::string where = fmt::format("attribute '{}'", proto.name());
    if (!proto.ref_attr_name().empty()) {
      return Fail("{}: refers to '{}' of a function, a value is needed", where,
                  proto.ref_attr_name());
    }
    if (TypeOf(proto) == AttributeProto::GRAPH && takes_graphs) continue;  // the builder's
    if (attributes.Has(proto.name())) return Fail("{}: is given twice, once is allowed", where);
    auto attribute = FromProto(proto, folder);
    if (!attribute) return Context(where, std::move(attribute).error());
    attributes.Set(proto.name(), *std::move(attribute));
  }
  return attributes;
}

}  // namespace bw
