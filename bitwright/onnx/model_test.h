#pragma once
// Small models in memory, for the tests of this folder.

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

#include "bitwright/onnx/import.h"

namespace bw {

class TestModel {
 public:
  explicit TestModel(int opset) {
    proto.set_ir_version(7);
    proto.mutable_graph()->set_name("net");
    proto.add_opset_import()->set_version(opset);
  }

  // A float input; -1 is an unknown extent.
  TestModel& Input(const std::string& name, const Shape& shape,
                   int type = onnx::TensorProto::FLOAT) {
    onnx::ValueInfoProto& info = *proto.mutable_graph()->add_input();
    info.set_name(name);
    onnx::TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    tensor.mutable_shape();
    for (const std::int64_t extent : shape) {
      auto& dim = *tensor.mutable_shape()->add_dim();
      if (extent < 0) {
        dim.set_dim_param("N");
      } else {
        dim.set_dim_value(extent);
      }
    }
    return *this;
  }

  TestModel& Output(const std::string& name) {
    proto.mutable_graph()->add_output()->set_name(name);
    return *this;
  }

  onnx::TensorProto& Weight(const std::string& name, const Shape& shape, int type) {
    onnx::TensorProto& tensor = *proto.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const std::int64_t extent : shape) tensor.add_dims(extent);
    return tensor;
  }

  TestModel& Floats(const std::string& name, const Shape& shape,
                    const std::vector<float>& elements) {
    onnx::TensorProto& tensor = Weight(name, shape, onnx::TensorProto::FLOAT);
    for (const float element : elements) tensor.add_float_data(element);
    return *this;
  }

  TestModel& Ints(const std::string& name, const std::vector<std::int64_t>& elements) {
    onnx::TensorProto& tensor =
        Weight(name, {static_cast<std::int64_t>(elements.size())}, onnx::TensorProto::INT64);
    for (const std::int64_t element : elements) tensor.add_int64_data(element);
    return *this;
  }

  // The last node added is the one that attributes go to.
  TestModel& Node(const std::string& op, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs, const std::string& name = "") {
    onnx::NodeProto& node = *proto.mutable_graph()->add_node();
    node.set_op_type(op);
    node.set_name(name);
    for (const std::string& input : inputs) node.add_input(input);
    for (const std::string& output : outputs) node.add_output(output);
    return *this;
  }

  onnx::AttributeProto& Attribute(const std::string& name,
                                  onnx::AttributeProto::AttributeType type) {
    onnx::GraphProto& graph = *proto.mutable_graph();
    onnx::AttributeProto& attribute = *graph.mutable_node(graph.node_size() - 1)->add_attribute();
    attribute.set_name(name);
    attribute.set_type(type);
    return attribute;
  }
  TestModel& Int(const std::string& name, std::int64_t value) {
    Attribute(name, onnx::AttributeProto::INT).set_i(value);
    return *this;
  }
  TestModel& Float(const std::string& name, float value) {
    Attribute(name, onnx::AttributeProto::FLOAT).set_f(value);
    return *this;
  }
  TestModel& String(const std::string& name, const std::string& value) {
    Attribute(name, onnx::AttributeProto::STRING).set_s(value);
    return *this;
  }
  TestModel& IntList(const std::string& name, const std::vector<std::int64_t>& values) {
    onnx::AttributeProto& attribute = Attribute(name, onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) attribute.add_ints(value);
    return *this;
  }
  TestModel& FloatList(const std::string& name, const std::vector<float>& values) {
    onnx::AttributeProto& attribute = Attribute(name, onnx::AttributeProto::FLOATS);
    for (const float value : values) attribute.add_floats(value);
    return *this;
  }

  std::string Bytes() const { return proto.SerializeAsString(); }
  Expected<Graph> Import(const std::string& folder = "") const {
    return ImportOnnxBytes(Bytes(), folder, "net.onnx");
  }
  // The message, or the graph's text when it was accepted.
  std::string Error(const std::string& folder = "") const {
    const auto graph = Import(folder);
    return graph ? "accepted: " + ToText(*graph) : graph.error().message;
  }

  onnx::ModelProto proto;
};

// relu(x * w) + b over [N,3]: a whole valid model.
inline TestModel SmallModel(int opset = 13) {
  TestModel model(opset);
  model.Input("x", {-1, 3}).Output("y");
  model.Floats("w", {3, 2}, {1, 2, 3, 4, 5, 6}).Floats("b", {2}, {7, 8});
  model.Node("MatMul", {"x", "w"}, {"xw"}, "product");
  model.Node("Add", {"xw", "b"}, {"sum"}, "sum");
  model.Node("Relu", {"sum"}, {"y"}, "relu");
  return model;
}

}  // namespace bw
