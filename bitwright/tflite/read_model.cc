#include <algorithm>
#include <cmath>
#include <limits>

#include "bitwright/graph/checks.h"
#include "bitwright/tflite/model.h"

namespace bw::tflite {
namespace {

constexpr std::string_view kIdentifier = "TFL3";
constexpr std::uint32_t kSchemaVersion = 3;
constexpr std::size_t kMostAxes = 8;
constexpr int kCustomCode = 32;

// Field numbers of the schema's tables.
namespace field {
enum Model { kVersion = 0, kOperatorCodes = 1, kSubgraphs = 2, kBuffers = 4 };
enum Code { kShortCode = 0, kCustomName = 1, kLongCode = 3 };
enum Subgraph { kTensors = 0, kInputs = 1, kOutputs = 2, kOperators = 3, kSubgraphName = 4 };
enum Tensor {
  kShape = 0,
  kType = 1,
  kBuffer = 2,
  kName = 3,
  kQuantization = 4,
  kIsVariable = 5,
  kSparsity = 6,
  kShapeSignature = 7
};
enum Quantization { kScale = 2, kZeroPoint = 3, kDetails = 5, kAxis = 6 };
enum Buffer { kData = 0, kOutsideOffset = 1 };
enum Operator {
  kCodeIndex = 0,
  kOperatorInputs = 1,
  kOperatorOutputs = 2,
  kOptionsType = 3,
  kOptions = 4
};
}  // namespace field

std::size_t ElementBytes(ElementType type) {
  switch (type) {
    case ElementType::kFloat64:
    case ElementType::kInt64:
      return 8;
    case ElementType::kFloat32:
    case ElementType::kInt32:
      return 4;
    case ElementType::kFloat16:
    case ElementType::kInt16:
      return 2;
    default:
      return 1;
  }
}

class Reader {
 public:
  explicit Reader(FlatFile& file) : file_(file) {}
  Expected<Model> Read();

 private:
  Expected<void> ReadCodes(const FlatTable& root);
  Expected<void> ReadTensors(const FlatTable& graph);
  Expected<TensorInfo> ReadTensor(const FlatTable& table);
  Expected<void> ReadShape(const FlatTable& table, TensorInfo& tensor);
  Expected<void> ReadAffine(const FlatTable& table, TensorInfo& tensor);
  Expected<void> ReadData(const FlatTable& table, TensorInfo& tensor);
  Expected<void> ReadOperators(const FlatTable& graph);
  Expected<void> ReadOperator(const FlatTable& table, Operator& op);
  Expected<void> CheckIndices(const std::vector<int>& indices, int least, std::string_view what);

  struct Code {
    int code;
    std::string name;
  };
  FlatFile& file_;
  Model model_;
  std::vector<Code> codes_;
  std::vector<FlatTable> buffers_;
};

// Codes over 127 did not fit the first field, which older readers still look at.
Expected<void> Reader::ReadCodes(const FlatTable& root) {
  BW_ASSIGN(const auto tables, root.Tables(field::kOperatorCodes));
  for (const FlatTable& table : tables) {
    BW_ASSIGN(const auto short_code, table.Scalar<std::int8_t>(field::kShortCode, 0));
    BW_ASSIGN(const auto long_code, table.Scalar<std::int32_t>(field::kLongCode, 0));
    const int code = std::max<int>(short_code, long_code);
    BW_ASSIGN(const std::string custom, table.Text(field::kCustomName));
    codes_.push_back({code, code == kCustomCode ? fmt::format("custom operator '{}'", custom)
                                                : OperatorName(code)});
  }
  return {};
}

Expected<void> Reader::ReadShape(const FlatTable& table, TensorInfo& tensor) {
  BW_ASSIGN(const auto extents, table.Scalars<std::int32_t>(field::kShape));
  BW_ASSIGN(const auto signature, table.Scalars<std::int32_t>(field::kShapeSignature));
  if (extents.size() > kMostAxes) {
    return Fail("has {} axes, at most {} are allowed", extents.size(), kMostAxes);
  }
  tensor.shape.assign(extents.begin(), extents.end());
  BW_TRY(ops::CheckExtents(tensor.shape, "its shape"));
  if (signature.empty()) return {};
  if (signature.size() != extents.size()) {
    return Fail("its shape has {} axes but its shape signature has {}, they must agree",
                extents.size(), signature.size());
  }
  tensor.batch_is_free = signature[0] < 0;
  return {};
}

Expected<void> Reader::ReadAffine(const FlatTable& table, TensorInfo& tensor) {
  BW_ASSIGN(const FlatTable params, table.Table(field::kQuantization));
  Affine affine;
  BW_ASSIGN(affine.scales, params.Scalars<float>(field::kScale));
  BW_ASSIGN(affine.zeros, params.Scalars<std::int64_t>(field::kZeroPoint));
  BW_ASSIGN(affine.axis, params.Scalar<std::int32_t>(field::kAxis, 0));
  if (params.Has(field::kDetails)) {
    return Fail("is quantized in a way of its own, only scale and zero point are allowed");
  }
  if (affine.scales.empty()) return {};
  if (affine.zeros.empty()) affine.zeros.assign(affine.scales.size(), 0);
  if (affine.zeros.size() != affine.scales.size()) {
    return Fail("has {} scales but {} zero points, they must be as many", affine.scales.size(),
                affine.zeros.size());
  }
  for (std::size_t i = 0; i < affine.scales.size(); ++i) {
    if (!(affine.scales[i] >= 0) || std::isinf(affine.scales[i])) {
      return Fail("scale {} is {}, it must be finite and not negative", i, affine.scales[i]);
    }
  }
  if (affine.scales.size() > 1) {
    const auto rank = static_cast<int>(tensor.shape.size());
    const bool inside = affine.axis >= 0 && affine.axis < rank;
    const auto axis = static_cast<std::size_t>(affine.axis);
    if (!inside || tensor.shape[axis] != static_cast<std::int64_t>(affine.scales.size())) {
      return Fail("has {} scales along axis {} of {}, one for each index is needed",
                  affine.scales.size(), affine.axis, ShapeText(tensor.shape));
    }
  }
  tensor.affine = std::move(affine);
  return {};
}

Expected<void> Reader::ReadData(const FlatTable& table, TensorInfo& tensor) {
  BW_ASSIGN(const auto index, table.Scalar<std::uint32_t>(field::kBuffer, 0));
  if (index >= buffers_.size()) {
    if (index == 0) return {};
    return Fail("its buffer is {}, the file has {}", index, buffers_.size());
  }
  const FlatTable& buffer = buffers_[index];
  BW_ASSIGN(const auto outside, buffer.Scalar<std::uint64_t>(field::kOutsideOffset, 0));
  if (outside > 1) return Fail("its data stand outside the tables, they must stand inside");
  BW_ASSIGN(tensor.data, buffer.Bytes(field::kData));
  if (tensor.data.empty()) {
    tensor.is_constant = index != 0 && ElementCount(tensor.shape) == 0;
    return {};
  }
  const auto needed =
      static_cast<std::uint64_t>(ElementCount(tensor.shape)) * ElementBytes(tensor.type);
  if (tensor.type != ElementType::kString && tensor.data.size() != needed) {
    return Fail("has {} bytes of data, {} of {} needs {}", tensor.data.size(),
                TypeText(tensor.type), ShapeText(tensor.shape), needed);
  }
  tensor.is_constant = true;
  return {};
}

Expected<TensorInfo> Reader::ReadTensor(const FlatTable& table) {
  TensorInfo tensor;
  BW_ASSIGN(tensor.name, table.Text(field::kName));
  BW_ASSIGN(const auto type, table.Scalar<std::int8_t>(field::kType, 0));
  tensor.type = static_cast<ElementType>(type);
  BW_TRY(ReadShape(table, tensor));
  BW_TRY(ReadAffine(table, tensor));
  BW_TRY(ReadData(table, tensor));
  BW_ASSIGN(const bool variable, table.Scalar<bool>(field::kIsVariable, false));
  if (variable) return Fail("is a variable, networks with state are not supported");
  if (table.Has(field::kSparsity)) return Fail("is sparse, dense tensors are allowed");
  return tensor;
}

Expected<void> Reader::ReadTensors(const FlatTable& graph) {
  BW_ASSIGN(const auto tables, graph.Tables(field::kTensors));
  for (std::size_t i = 0; i < tables.size(); ++i) {
    auto tensor = ReadTensor(tables[i]);
    if (!tensor) {
      BW_ASSIGN(const std::string name, tables[i].Text(field::kName));
      return Context(fmt::format("tensor {} '{}'", i, name), std::move(tensor).error());
    }
    if (tensor->name.empty()) tensor->name = fmt::format("tensor_{}", i);
    model_.tensors.push_back(*std::move(tensor));
  }
  return {};
}

Expected<void> Reader::CheckIndices(const std::vector<int>& indices, int least,
                                    std::string_view what) {
  for (const int index : indices) {
    if (index < least || index >= static_cast<int>(model_.tensors.size())) {
      return Fail("{}: tensor {} does not exist, there are {}", what, index, model_.tensors.size());
    }
  }
  return {};
}

Expected<void> Reader::ReadOperator(const FlatTable& table, Operator& op) {
  BW_ASSIGN(const auto index, table.Scalar<std::uint32_t>(field::kCodeIndex, 0));
  if (index >= codes_.size()) {
    return Fail("its operator code is number {}, the file has {}", index, codes_.size());
  }
  op.code = codes_[index].code;
  op.name = codes_[index].name;
  op.where += fmt::format(" ({})", op.name);
  BW_ASSIGN(op.inputs, table.Scalars<int>(field::kOperatorInputs));
  BW_ASSIGN(op.outputs, table.Scalars<int>(field::kOperatorOutputs));
  BW_TRY(CheckIndices(op.inputs, -1, "inputs"));
  BW_TRY(CheckIndices(op.outputs, 0, "outputs"));
  BW_ASSIGN(op.options_type, table.Scalar<std::uint8_t>(field::kOptionsType, 0));
  if (op.options_type != 0) {
    BW_ASSIGN(op.options, table.Table(field::kOptions));
  }
  return {};
}

Expected<void> Reader::ReadOperators(const FlatTable& graph) {
  BW_ASSIGN(const auto tables, graph.Tables(field::kOperators));
  for (std::size_t i = 0; i < tables.size(); ++i) {
    Operator op;
    op.where = fmt::format("operator {}", i);
    if (auto read = ReadOperator(tables[i], op); !read) {
      return Context(op.where, std::move(read).error());
    }
    model_.operators.push_back(std::move(op));
  }
  return {};
}

Expected<Model> Reader::Read() {
  BW_ASSIGN(const FlatTable root, FlatTable::Root(file_, kIdentifier));
  BW_ASSIGN(const auto version, root.Scalar<std::uint32_t>(field::kVersion, 0));
  if (version != kSchemaVersion) {
    return Fail("its schema version is {}, allowed is {}", version, kSchemaVersion);
  }
  BW_ASSIGN(const auto graphs, root.Tables(field::kSubgraphs));
  if (graphs.size() != 1) {
    return Fail("has {} subgraphs, one is allowed (no control flow)", graphs.size());
  }
  BW_ASSIGN(buffers_, root.Tables(field::kBuffers));
  BW_TRY(ReadCodes(root));
  BW_ASSIGN(model_.name, graphs[0].Text(field::kSubgraphName));
  BW_TRY(ReadTensors(graphs[0]));
  BW_TRY(ReadOperators(graphs[0]));
  BW_ASSIGN(model_.inputs, graphs[0].Scalars<int>(field::kInputs));
  BW_ASSIGN(model_.outputs, graphs[0].Scalars<int>(field::kOutputs));
  BW_TRY(CheckIndices(model_.inputs, 0, "inputs of the network"));
  BW_TRY(CheckIndices(model_.outputs, 0, "outputs of the network"));
  if (model_.inputs.empty()) return Fail("the network has no inputs, at least one is needed");
  if (model_.outputs.empty()) return Fail("the network has no outputs, at least one is needed");
  return std::move(model_);
}

}  // namespace

std::string TypeText(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return "float32";
    case ElementType::kFloat16:
      return "float16";
    case ElementType::kInt32:
      return "int32";
    case ElementType::kUint8:
      return "uint8";
    case ElementType::kInt64:
      return "int64";
    case ElementType::kString:
      return "string";
    case ElementType::kBool:
      return "bool";
    case ElementType::kInt16:
      return "int16";
    case ElementType::kInt8:
      return "int8";
    case ElementType::kFloat64:
      return "float64";
  }
  return fmt::format("element type {}", static_cast<int>(type));
}

Expected<Model> ReadModel(FlatFile& file) { return Reader(file).Read(); }

}  // namespace bw::tflite
