#include "bitwright/export/proto.h"

#include <algorithm>

namespace bw::proto {
namespace {

template <typename T>
onnx::TensorProto Scalar(onnx::TensorProto::DataType type, T value) {
  return FromBytes("", type, {}, std::as_bytes(std::span<const T>(&value, 1)));
}

onnx::AttributeProto Named(std::string_view name, onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto attribute;
  attribute.set_name(std::string(name));
  attribute.set_type(type);
  return attribute;
}

onnx::AttributeProto Floats(std::string_view name, std::span<const float> values) {
  auto attribute = Named(name, onnx::AttributeProto::FLOATS);
  attribute.mutable_floats()->Assign(values.begin(), values.end());
  return attribute;
}

onnx::AttributeProto String(std::string_view name, const std::string& value) {
  auto attribute = Named(name, onnx::AttributeProto::STRING);
  attribute.set_s(value);
  return attribute;
}

onnx::AttributeProto Strings(std::string_view name, std::span<const std::string> values) {
  auto attribute = Named(name, onnx::AttributeProto::STRINGS);
  for (const std::string& value : values) attribute.add_strings(value);
  return attribute;
}

onnx::AttributeProto OfTensor(std::string_view name, onnx::TensorProto tensor) {
  auto attribute = Named(name, onnx::AttributeProto::TENSOR);
  *attribute.mutable_t() = std::move(tensor);
  return attribute;
}

// One overload for each alternative of Attribute.
struct ToProto {
  std::string_view name;
  onnx::AttributeProto operator()(std::int64_t value) const { return Int(name, value); }
  onnx::AttributeProto operator()(float value) const { return Float(name, value); }
  onnx::AttributeProto operator()(const std::string& value) const { return String(name, value); }
  onnx::AttributeProto operator()(const std::vector<std::int64_t>& v) const {
    return Ints(name, v);
  }
  onnx::AttributeProto operator()(const std::vector<float>& v) const { return Floats(name, v); }
  onnx::AttributeProto operator()(const std::vector<std::string>& v) const {
    return Strings(name, v);
  }
  onnx::AttributeProto operator()(const Tensor& value) const {
    return OfTensor(name, FromTensor("", value));
  }
};

}  // namespace

onnx::AttributeProto Int(std::string_view name, std::int64_t value) {
  auto attribute = Named(name, onnx::AttributeProto::INT);
  attribute.set_i(value);
  return attribute;
}

onnx::AttributeProto Float(std::string_view name, float value) {
  auto attribute = Named(name, onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
  return attribute;
}

onnx::AttributeProto Ints(std::string_view name, std::span<const std::int64_t> values) {
  auto attribute = Named(name, onnx::AttributeProto::INTS);
  attribute.mutable_ints()->Assign(values.begin(), values.end());
  return attribute;
}

onnx::AttributeProto FromAttribute(std::string_view name, const Attribute& attribute) {
  return std::visit(ToProto{name}, attribute);
}

onnx::TensorProto::DataType ElementType(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return onnx::TensorProto::FLOAT;
    case DType::kInt32:
      return onnx::TensorProto::INT32;
    case DType::kInt64:
      return onnx::TensorProto::INT64;
    case DType::kUint8:
      return onnx::TensorProto::UINT8;
    case DType::kInt8:
      return onnx::TensorProto::INT8;
    case DType::kBool:
      return onnx::TensorProto::BOOL;
  }
  BW_CHECK(false);
}

onnx::TensorProto FromBytes(std::string_view name, onnx::TensorProto::DataType type,
                            std::span<const std::int64_t> dims, std::span<const std::byte> bytes) {
  onnx::TensorProto tensor;
  if (!name.empty()) tensor.set_name(std::string(name));
  tensor.set_data_type(type);
  for (const std::int64_t dim : dims) tensor.add_dims(dim);
  tensor.set_raw_data(bytes.data(), bytes.size());
  return tensor;
}

onnx::TensorProto FromTensor(std::string_view name, const Tensor& tensor) {
  const ConstTensorRef ref = tensor;
  const std::span bytes(static_cast<const std::byte*>(ref.data), tensor.bytes());
  return FromBytes(name, ElementType(tensor.dtype()), tensor.shape(), bytes);
}

onnx::TensorProto SmallFloats(std::string_view name, const std::vector<float>& elements) {
  static const Format half = *Format::Parse("fp16");
  std::vector<std::uint16_t> codes;
  for (const float element : elements) {
    const Code code = half.Encode(static_cast<double>(element));
    if (half.Decode(code) != static_cast<double>(element)) {
      return FromVector(name, onnx::TensorProto::FLOAT, elements);
    }
    codes.push_back(static_cast<std::uint16_t>(code));
  }
  return FromVector(name, onnx::TensorProto::FLOAT16, codes);
}

std::string Body::Op(std::string_view type, std::initializer_list<std::string> inputs,
                     std::initializer_list<onnx::AttributeProto> attributes) {
  std::string output = "v" + std::to_string(next_++);
  OpInto(output, type, inputs, attributes);
  return output;
}

void Body::OpInto(std::string_view output, std::string_view type,
                  std::initializer_list<std::string> inputs,
                  std::initializer_list<onnx::AttributeProto> attributes) {
  onnx::NodeProto& node = *function_.add_node();
  node.set_op_type(std::string(type));
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(std::string(output));
  for (const onnx::AttributeProto& attribute : attributes) *node.add_attribute() = attribute;
}

void Body::CallInto(std::string_view output, std::string_view domain, std::string_view function,
                    std::initializer_list<std::string> inputs,
                    std::initializer_list<onnx::AttributeProto> attributes) {
  const auto& imports = function_.opset_import();
  const auto known = [&](const auto& opset) { return opset.domain() == domain; };
  if (std::none_of(imports.begin(), imports.end(), known)) {
    auto& opset = *function_.add_opset_import();
    opset.set_domain(std::string(domain));
    opset.set_version(1);
  }
  OpInto(output, function, inputs, attributes);
  function_.mutable_node(function_.node_size() - 1)->set_domain(std::string(domain));
}

std::string Body::Call(std::string_view domain, std::string_view function,
                       std::initializer_list<std::string> inputs,
                       std::initializer_list<onnx::AttributeProto> attributes) {
  std::string output = "v" + std::to_string(next_++);
  CallInto(output, domain, function, inputs, attributes);
  return output;
}

std::string Body::Cast(const std::string& input, onnx::TensorProto::DataType type) {
  return Op("Cast", {input}, {Int("to", type)});
}

std::string Body::Constant(onnx::TensorProto tensor) {
  return Op("Constant", {}, {OfTensor("value", std::move(tensor))});
}

std::string Body::Int64(std::int64_t value) {
  return Op("Constant", {}, {Int("value_int", value)});
}

std::string Body::Int64s(std::vector<std::int64_t> values) {
  return Op("Constant", {}, {Ints("value_ints", values)});
}

std::string Body::Int32(std::int32_t value) {
  return Constant(Scalar(onnx::TensorProto::INT32, value));
}

std::string Body::Double(double value) {
  return Constant(Scalar(onnx::TensorProto::DOUBLE, value));
}

std::string Body::Parameter(const std::string& attribute, std::string_view field,
                            onnx::AttributeProto::AttributeType type) {
  auto reference = Named(field, type);
  reference.set_ref_attr_name(attribute);
  const auto& known = function_.attribute();
  if (std::find(known.begin(), known.end(), attribute) == known.end()) {
    function_.add_attribute(attribute);
  }
  return Op("Constant", {}, {reference});
}

std::string Body::IntParameter(const std::string& attribute) {
  return Parameter(attribute, "value_int", onnx::AttributeProto::INT);
}

std::string Body::FloatParameter(const std::string& attribute) {
  return Parameter(attribute, "value_float", onnx::AttributeProto::FLOAT);
}

std::string Body::IntsParameter(const std::string& attribute) {
  return Parameter(attribute, "value_ints", onnx::AttributeProto::INTS);
}

}  // namespace bw::proto
