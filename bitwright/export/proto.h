#pragma once
// Small builders of ONNX protocol buffers.

#include <onnx/onnx_pb.h>

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/graph/graph.h"

namespace bw::proto {

onnx::AttributeProto Int(std::string_view name, std::int64_t value);
onnx::AttributeProto Float(std::string_view name, float value);
onnx::AttributeProto Ints(std::string_view name, std::span<const std::int64_t> values);
onnx::AttributeProto FromAttribute(std::string_view name, const Attribute& attribute);

// The ONNX element type of a dtype.
onnx::TensorProto::DataType ElementType(DType dtype);

// A tensor from the bytes of its elements (little-endian, row-major).
onnx::TensorProto FromBytes(std::string_view name, onnx::TensorProto::DataType type,
                            std::span<const std::int64_t> dims, std::span<const std::byte> bytes);
onnx::TensorProto FromTensor(std::string_view name, const Tensor& tensor);

template <typename T>
onnx::TensorProto FromElements(std::string_view name, onnx::TensorProto::DataType type,
                               std::span<const std::int64_t> dims, const std::vector<T>& elements) {
  return FromBytes(name, type, dims, std::as_bytes(std::span<const T>(elements)));
}
// One-dimensional.
template <typename T>
onnx::TensorProto FromVector(std::string_view name, onnx::TensorProto::DataType type,
                             const std::vector<T>& elements) {
  const std::int64_t count = static_cast<std::int64_t>(elements.size());
  return FromElements(name, type, std::span(&count, 1), elements);
}

// One-dimensional: FLOAT16 where that holds every element exactly, else FLOAT. Whoever reads it
// casts it to FLOAT.
onnx::TensorProto SmallFloats(std::string_view name, const std::vector<float>& elements);

// Writes nodes in order into a function body; inner values get short names of their own.
class Body {
 public:
  explicit Body(onnx::FunctionProto& function) : function_(function) {}

  // A node with one output; gives the output's name.
  std::string Op(std::string_view type, std::initializer_list<std::string> inputs,
                 std::initializer_list<onnx::AttributeProto> attributes = {});
  // The same with the output named by the caller.
  void OpInto(std::string_view output, std::string_view type,
              std::initializer_list<std::string> inputs,
              std::initializer_list<onnx::AttributeProto> attributes = {});

  // A call of another local function, which has one output.
  std::string Call(std::string_view domain, std::string_view function,
                   std::initializer_list<std::string> inputs,
                   std::initializer_list<onnx::AttributeProto> attributes = {});

  void CallInto(std::string_view output, std::string_view domain, std::string_view function,
                std::initializer_list<std::string> inputs,
                std::initializer_list<onnx::AttributeProto> attributes = {});

  std::string Cast(const std::string& input, onnx::TensorProto::DataType type);
  std::string Constant(onnx::TensorProto tensor);
  std::string Int64(std::int64_t value);                 // scalar
  std::string Int64s(std::vector<std::int64_t> values);  // one-dimensional
  std::string Int32(std::int32_t value);                 // scalar
  std::string Double(double value);                      // scalar

  // The value of an attribute of the function: an int64 scalar, a float scalar, an int64 vector.
  std::string IntParameter(const std::string& attribute);
  std::string FloatParameter(const std::string& attribute);
  std::string IntsParameter(const std::string& attribute);

 private:
  std::string Parameter(const std::string& attribute, std::string_view field,
                        onnx::AttributeProto::AttributeType type);
  onnx::FunctionProto& function_;
  int next_ = 0;
};

}  // namespace bw::proto
