#include "bitwright/export/export_onnx.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "bitwright/export/activations.h"
#include "bitwright/export/model_writer.h"
#include "bitwright/export/packed_weights.h"
#include "bitwright/graph/op.h"

namespace bw {
namespace {

constexpr int kFloatBits = 32;

onnx::ValueInfoProto ValueInfo(const Value& value) {
  onnx::ValueInfoProto info;
  info.set_name(value.name);
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(proto::ElementType(value.type.dtype));
  auto& shape = *type.mutable_shape();
  for (const std::int64_t extent : value.type.shape) {
    auto& dim = *shape.add_dim();
    const bool leading = shape.dim_size() == 1;
    if (extent >= 0) dim.set_dim_value(extent);
    if (extent < 0 && leading) dim.set_dim_param("N");
  }
  return info;
}

// The values that a node or the caller reads.
std::vector<bool> ReadValues(const Graph& graph) {
  std::vector<bool> read(graph.values.size());
  const auto mark = [&](ValueId id) {
    if (id != kNoValue) read[static_cast<std::size_t>(id)] = true;
  };
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.inputs) mark(id);
  }
  for (const ValueId id : graph.outputs) mark(id);
  return read;
}

void WriteConstants(const Graph& graph, ModelWriter& model) {
  const std::vector<bool> read = ReadValues(graph);
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    const Value& value = graph.values[i];
    if (!read[i]) continue;
    if (value.quantized && value.quantized->spec.element.bits() < kFloatBits) {
      WritePacked(model, *value.quantized, value.name);
    } else if (value.constant) {
      *model.graph().add_initializer() = proto::FromTensor(value.name, *value.constant);
    }
  }
}

std::string NameOf(const Graph& graph, ValueId id) {
  return id == kNoValue ? "" : graph.value(id).name;
}

// Absent trailing inputs or outputs are left out.
template <typename Add>
void AddNames(const Graph& graph, std::span<const ValueId> ids, Add add) {
  while (!ids.empty() && ids.back() == kNoValue) ids = ids.first(ids.size() - 1);
  for (const ValueId id : ids) add(NameOf(graph, id));
}

// Attributes of windows that say what their absence says as well.
bool IsDefault(std::string_view name, const Attribute& attribute) {
  const auto* list = std::get_if<std::vector<std::int64_t>>(&attribute);
  if (list == nullptr)
    return name == "group" && std::get_if<std::int64_t>(&attribute) != nullptr &&
           std::get<std::int64_t>(attribute) == 1;
  const auto all = [&](std::int64_t wanted) {
    return std::all_of(list->begin(), list->end(), [&](std::int64_t x) { return x == wanted; });
  };
  return (name == "pads" && all(0)) || ((name == "strides" || name == "dilations") && all(1));
}

// A node "relu1_Relu" of output "relu1" needs no name.
bool SaysItsOutput(const Graph& graph, const Node& node) {
  return node.name.starts_with(NameOf(graph, node.outputs.at(0)));
}

onnx::NodeProto& AddStandardNode(const Graph& graph, const Node& node, ModelWriter& model) {
  onnx::NodeProto& proto = *model.graph().add_node();
  if (!SaysItsOutput(graph, node)) proto.set_name(node.name);
  proto.set_op_type(std::string(node.op->name));
  for (const auto& [name, attribute] : node.attributes.items) {
    if (IsDefault(name, attribute)) continue;
    *proto.add_attribute() = proto::FromAttribute(name, attribute);
  }
  return proto;
}

Expected<void> WriteFakeQuantize(const Graph& graph, const Node& node, ModelWriter& model) {
  BW_ASSIGN(const QuantSpec spec, QuantSpec::Parse(node.attributes.String("spec", "")));
  if (!std::holds_alternative<PerTensor>(spec.grain)) {
    return Fail("spec is '{}', activations are quantized per tensor; write t as its grain",
                spec.ToString());
  }
  const std::string input = NameOf(graph, node.inputs.at(0));
  const std::string output = NameOf(graph, node.outputs.at(0));
  if (spec.element.bits() == kFloatBits) {
    auto& copy = *model.graph().add_node();
    copy.set_op_type("Identity");
    copy.add_input(input);
    copy.add_output(output);
    return {};
  }
  const auto zero = static_cast<std::int32_t>(node.attributes.Int("zero", 0));
  WriteRounding(model, {spec, node.attributes.Float("scale", 1.0F), zero}, input, output);
  return {};
}

Expected<void> WriteNode(const Graph& graph, const Node& node, ModelWriter& model) {
  if (node.op->domain == kOwnDomain && node.op->name == "FakeQuantize") {
    return WriteFakeQuantize(graph, node, model);
  }
  if (!node.op->domain.empty()) {
    return Fail(
        "the operator belongs to domain '{}', allowed are standard operators and "
        "bitwright's FakeQuantize",
        node.op->domain);
  }
  onnx::NodeProto& proto = AddStandardNode(graph, node, model);
  AddNames(graph, node.inputs, [&](std::string name) { proto.add_input(std::move(name)); });
  AddNames(graph, node.outputs, [&](std::string name) { proto.add_output(std::move(name)); });
  return {};
}

// Deterministic: equal models give equal bytes.
Expected<std::string> Serialize(const onnx::ModelProto& model) {
  const std::size_t size = model.ByteSizeLong();
  constexpr std::size_t kLimit = (std::size_t{1} << 31) - 1;
  if (size > kLimit) return Fail("the model takes {} bytes, an ONNX file at most {}", size, kLimit);
  std::string bytes;
  bytes.reserve(size);
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    BW_CHECK(model.SerializeToCodedStream(&coded));
  }
  return bytes;
}

}  // namespace

Expected<std::string> ExportOnnx(const Graph& graph) {
  ModelWriter model(graph);
  model.graph().set_name(graph.name.empty() ? "graph" : graph.name);
  for (const ValueId id : graph.inputs) *model.graph().add_input() = ValueInfo(graph.value(id));
  for (const ValueId id : graph.outputs) *model.graph().add_output() = ValueInfo(graph.value(id));
  WriteConstants(graph, model);
  for (const Node& node : graph.nodes) {
    if (auto written = WriteNode(graph, node, model); !written) {
      return Context(fmt::format("node '{}' ({})", node.name, node.op->name), written.error());
    }
  }
  return Serialize(model.Finish());
}

}  // namespace bw
