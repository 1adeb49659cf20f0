#pragma once
// For tests: TensorFlow Lite files made field by field, and networks run by reference kernels.

#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "bitwright/graph/infer.h"
#include "bitwright/graph/op.h"
#include "bitwright/tflite/import.h"
#include "bitwright/tflite/model.h"

namespace bw::tflite {

struct TestTensor {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::vector<std::int32_t> shape, signature = {};
  std::vector<float> scales = {};
  std::vector<std::int64_t> zeros = {};
  std::int32_t axis = 0;
  std::vector<std::uint8_t> data = {};
};

// One field of an options table.
struct Option {
  int field;
  std::variant<std::int8_t, std::int32_t, float, bool> value;
};

class TestFile {
 public:
  // Each gives the tensor's index.
  int Add(TestTensor tensor) {
    tensors_.push_back(std::move(tensor));
    return static_cast<int>(tensors_.size()) - 1;
  }
  int Real(std::vector<std::int32_t> shape) {
    return Add({fmt::format("t{}", tensors_.size()), ElementType::kFloat32, std::move(shape)});
  }
  int Codes(std::vector<std::int32_t> shape, float scale, int zero) {
    return Add({fmt::format("t{}", tensors_.size()),
                ElementType::kInt8,
                std::move(shape),
                {},
                {scale},
                {zero}});
  }
  template <typename T>
  int Constant(ElementType type, std::vector<std::int32_t> shape, const std::vector<T>& elements) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(elements.data());
    return Add({fmt::format("t{}", tensors_.size()),
                type,
                std::move(shape),
                {},
                {},
                {},
                0,
                {bytes, bytes + elements.size() * sizeof(T)}});
  }
  int Weights(std::vector<std::int32_t> shape, const std::vector<float>& elements) {
    return Constant(ElementType::kFloat32, std::move(shape), elements);
  }
  int Ints(const std::vector<std::int32_t>& elements) {
    return Constant(ElementType::kInt32, {static_cast<std::int32_t>(elements.size())}, elements);
  }
  TestTensor& tensor(int index) { return tensors_[static_cast<std::size_t>(index)]; }

  void Op(int code, std::vector<int> from, std::vector<int> to, int options_type = 0,
          std::vector<Option> options = {}) {
    operators_.push_back({code, std::move(from), std::move(to), options_type, std::move(options)});
  }
  std::vector<int> inputs, outputs;
  std::uint32_t version = 3;

  std::string Bytes() const;
  Expected<Graph> Import() const { return ImportTfliteBytes(Bytes(), "net.tflite"); }
  std::string Refusal() const {
    const auto graph = Import();
    return graph ? "accepted" : graph.error().message;
  }

 private:
  struct Line {
    int code;
    std::vector<int> from, to;
    int options_type;
    std::vector<Option> options;
  };
  using Builder = flatbuffers::FlatBufferBuilder;
  using Table = flatbuffers::Offset<flatbuffers::Table>;
  static flatbuffers::voffset_t Entry(int field) {
    return flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(field));
  }
  static Table End(Builder& to, flatbuffers::uoffset_t start) { return {to.EndTable(start)}; }
  static Table Write(Builder& to, const TestTensor& tensor, std::uint32_t buffer);
  static Table Write(Builder& to, const Line& line, std::uint32_t code);
  static Table WriteBuffer(Builder& to, const std::vector<std::uint8_t>& data);
  static Table WriteCode(Builder& to, int code);
  Table WriteGraph(Builder& to) const;

  std::vector<TestTensor> tensors_;
  std::vector<Line> operators_;
};

inline TestFile::Table TestFile::Write(Builder& to, const TestTensor& tensor,
                                       std::uint32_t buffer) {
  const auto name = to.CreateString(tensor.name);
  const auto shape = to.CreateVector(tensor.shape);
  const auto signature = to.CreateVector(tensor.signature);
  const auto scales = to.CreateVector(tensor.scales);
  const auto zeros = to.CreateVector(tensor.zeros);
  const auto affine = to.StartTable();
  to.AddOffset(Entry(2), scales);
  to.AddOffset(Entry(3), zeros);
  to.AddElement<std::int32_t>(Entry(6), tensor.axis);
  const Table quantization = End(to, affine);
  const auto start = to.StartTable();
  to.AddOffset(Entry(0), shape);
  to.AddElement(Entry(1), static_cast<std::int8_t>(tensor.type));
  to.AddElement(Entry(2), buffer);
  to.AddOffset(Entry(3), name);
  if (!tensor.scales.empty()) to.AddOffset(Entry(4), quantization);
  if (!tensor.signature.empty()) to.AddOffset(Entry(7), signature);
  return End(to, start);
}

inline TestFile::Table TestFile::Write(Builder& to, const Line& line, std::uint32_t code) {
  const auto from = to.CreateVector(line.from);
  const auto outs = to.CreateVector(line.to);
  const auto fields = to.StartTable();
  for (const Option& option : line.options) {
    std::visit([&](auto value) { to.AddElement(Entry(option.field), value); }, option.value);
  }
  const Table options = End(to, fields);
  const auto start = to.StartTable();
  to.AddElement(Entry(0), code);
  to.AddOffset(Entry(1), from);
  to.AddOffset(Entry(2), outs);
  to.AddElement(Entry(3), static_cast<std::uint8_t>(line.options_type));
  if (line.options_type != 0) to.AddOffset(Entry(4), options);
  return End(to, start);
}

inline TestFile::Table TestFile::WriteBuffer(Builder& to, const std::vector<std::uint8_t>& data) {
  to.ForceVectorAlignment(data.size(), 1, 16);
  const auto bytes = to.CreateVector(data);
  const auto start = to.StartTable();
  if (!data.empty()) to.AddOffset(Entry(0), bytes);
  return End(to, start);
}

inline TestFile::Table TestFile::WriteCode(Builder& to, int code) {
  const auto start = to.StartTable();
  to.AddElement(Entry(0), static_cast<std::int8_t>(std::min(code, 127)));
  to.AddElement<std::int32_t>(Entry(3), code);
  return End(to, start);
}

inline TestFile::Table TestFile::WriteGraph(Builder& to) const {
  std::vector<Table> tensors, operators;
  for (std::uint32_t i = 0; i < tensors_.size(); ++i) {
    tensors.push_back(Write(to, tensors_[i], tensors_[i].data.empty() ? 0 : i + 1));
  }
  for (std::uint32_t i = 0; i < operators_.size(); ++i) {
    operators.push_back(Write(to, operators_[i], i));
  }
  const auto tensor_list = to.CreateVector(tensors);
  const auto operator_list = to.CreateVector(operators);
  const auto in = to.CreateVector(inputs);
  const auto out = to.CreateVector(outputs);
  const auto name = to.CreateString("net");
  const auto start = to.StartTable();
  to.AddOffset(Entry(0), tensor_list);
  to.AddOffset(Entry(1), in);
  to.AddOffset(Entry(2), out);
  to.AddOffset(Entry(3), operator_list);
  to.AddOffset(Entry(4), name);
  return End(to, start);
}

// Buffer 0 is empty, buffer i + 1 is that of tensor i; every operator has a code of its own.
inline std::string TestFile::Bytes() const {
  Builder to;
  const std::vector<Table> graphs = {WriteGraph(to)};
  std::vector<Table> codes, buffers = {WriteBuffer(to, {})};
  for (const TestTensor& tensor : tensors_) buffers.push_back(WriteBuffer(to, tensor.data));
  for (const Line& line : operators_) codes.push_back(WriteCode(to, line.code));
  const auto code_list = to.CreateVector(codes);
  const auto graph_list = to.CreateVector(graphs);
  const auto buffer_list = to.CreateVector(buffers);
  const auto start = to.StartTable();
  to.AddElement(Entry(0), version);
  to.AddOffset(Entry(1), code_list);
  to.AddOffset(Entry(2), graph_list);
  to.AddOffset(Entry(4), buffer_list);
  to.Finish(End(to, start), "TFL3");
  return {reinterpret_cast<const char*>(to.GetBufferPointer()), to.GetSize()};
}

// The outputs for these inputs, by the reference kernels.
inline std::vector<bw::Tensor> RunGraph(const Graph& graph, const std::vector<bw::Tensor>& inputs) {
  std::vector<Shape> shapes;
  std::vector<bw::Tensor> values(graph.values.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    shapes.push_back(inputs[i].shape());
    values[static_cast<std::size_t>(graph.inputs[i])] = inputs[i];
  }
  const auto types = InferTypes(graph, shapes);
  if (!types) {
    ADD_FAILURE() << types.error().message;
    return {};
  }
  for (std::size_t v = 0; v < values.size(); ++v) {
    if (graph.values[v].constant) values[v] = *graph.values[v].constant;
  }
  for (const Node& node : graph.nodes) {
    std::vector<ConstTensorRef> from;
    std::vector<TensorRef> to;
    for (const ValueId id : node.inputs) {
      from.push_back(id == kNoValue ? ConstTensorRef{}
                                    : ConstTensorRef(values[static_cast<std::size_t>(id)]));
    }
    for (const ValueId id : node.outputs) {
      const auto at = static_cast<std::size_t>(id);
      values[at] = bw::Tensor(types->types[at].dtype, types->types[at].shape);
      to.push_back(values[at]);
    }
    node.op->reference(node, from, to);
  }
  std::vector<bw::Tensor> outputs;
  for (const ValueId id : graph.outputs) outputs.push_back(values[static_cast<std::size_t>(id)]);
  return outputs;
}

}  // namespace bw::tflite
