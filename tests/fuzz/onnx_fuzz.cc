// The ONNX importer (fuzz.h): bytes are changed, or fields of the messages.
#include <onnx/onnx_pb.h>

#include "bitwright/onnx/import.h"
#include "tests/fuzz/fuzz.h"

namespace bw::fuzz {
namespace {

void MutateTensor(onnx::TensorProto& tensor, Rng& rng) {
  switch (rng.Below(3)) {
    case 0:
      if (tensor.dims_size() > 0) {
        tensor.set_dims(static_cast<int>(rng.Below(static_cast<std::uint64_t>(tensor.dims_size()))),
                        AnyNumber(rng));
      }
      break;
    case 1:
      tensor.set_data_type(static_cast<int>(rng.Below(24)));
      break;
    default:
      for (auto& x : *tensor.mutable_int64_data()) x = AnyNumber(rng);
      if (tensor.has_raw_data()) tensor.set_raw_data(MutateBytes(tensor.raw_data(), rng));
  }
}

void MutateGraph(onnx::GraphProto& graph, Rng& rng);

void MutateAttribute(onnx::AttributeProto& attribute, Rng& rng) {
  if (attribute.has_g()) return MutateGraph(*attribute.mutable_g(), rng);
  if (attribute.has_t()) return MutateTensor(*attribute.mutable_t(), rng);
  if (attribute.has_i()) attribute.set_i(AnyNumber(rng));
  if (attribute.has_s()) attribute.set_s(MutateBytes(attribute.s(), rng));
  if (attribute.has_f()) attribute.set_f(static_cast<float>(AnyNumber(rng)));
  for (auto& x : *attribute.mutable_ints()) x = rng.Below(2) == 0 ? x : AnyNumber(rng);
  if (rng.Below(4) == 0) attribute.add_ints(AnyNumber(rng));
}

// The name of some value of the graph.
std::string AnyName(const onnx::GraphProto& graph, Rng& rng) {
  if (graph.node_size() == 0) return "";
  const auto& node = graph.node(static_cast<int>(rng.Below(graph.node_size())));
  const auto& names = rng.Below(2) == 0 ? node.input() : node.output();
  return names.empty() ? "" : names[static_cast<int>(rng.Below(names.size()))];
}

void MutateNode(onnx::NodeProto& node, const onnx::GraphProto& graph, Rng& rng) {
  switch (rng.Below(6)) {
    case 0:
      if (node.input_size() > 0) {
        node.set_input(static_cast<int>(rng.Below(node.input_size())), AnyName(graph, rng));
      }
      break;
    case 1:
      if (node.output_size() > 0) node.set_output(0, AnyName(graph, rng));
      break;
    case 2:
      node.set_op_type(graph.node(static_cast<int>(rng.Below(graph.node_size()))).op_type());
      break;
    case 3:
      node.add_input(AnyName(graph, rng));
      break;
    case 4:
      if (node.input_size() > 0) node.mutable_input()->RemoveLast();
      break;
    default:
      if (node.attribute_size() > 0) {
        MutateAttribute(*node.mutable_attribute(static_cast<int>(rng.Below(node.attribute_size()))),
                        rng);
      }
  }
}

void MutateShape(onnx::ValueInfoProto& input, Rng& rng) {
  auto& tensor = *input.mutable_type()->mutable_tensor_type();
  if (rng.Below(4) == 0) tensor.set_elem_type(static_cast<int>(rng.Below(12)));
  auto& dims = *tensor.mutable_shape()->mutable_dim();
  if (dims.empty()) return;
  dims[static_cast<int>(rng.Below(dims.size()))].set_dim_value(AnyNumber(rng));
}

void MutateGraph(onnx::GraphProto& graph, Rng& rng) {
  const std::uint64_t kind = rng.Below(8);
  if (kind == 0 && graph.initializer_size() > 0) {
    MutateTensor(*graph.mutable_initializer(static_cast<int>(rng.Below(graph.initializer_size()))),
                 rng);
  } else if (kind == 1 && graph.input_size() > 0) {
    MutateShape(*graph.mutable_input(static_cast<int>(rng.Below(graph.input_size()))), rng);
  } else if (graph.node_size() > 0) {
    MutateNode(*graph.mutable_node(static_cast<int>(rng.Below(graph.node_size()))), graph, rng);
  }
}

std::string Mutate(const std::string& bytes, Rng& rng) {
  onnx::ModelProto model;
  if (rng.Below(4) == 0 || !model.ParseFromString(bytes)) return MutateBytes(bytes, rng);
  for (std::uint64_t i = 0; i <= rng.Below(4); ++i) MutateGraph(*model.mutable_graph(), rng);
  return model.SerializeAsString();
}

Expected<Graph> Import(std::string_view bytes) { return ImportOnnxBytes(bytes, "", "fuzz"); }

}  // namespace
}  // namespace bw::fuzz

int main(int argc, char** argv) {
  return bw::fuzz::Main(argc, argv, {bw::fuzz::Mutate, bw::fuzz::Import});
}
