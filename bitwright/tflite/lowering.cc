#include "bitwright/tflite/lowering.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "bitwright/graph/checks.h"
#include "bitwright/graph/op.h"
#include "bitwright/tflite/quantized.h"

namespace bw::tflite {
namespace {

const std::vector<std::int64_t> kToSpatial = {0, 3, 1, 2}, kToFile = {0, 2, 3, 1};

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// IEEE half precision, exactly.
float FromHalf(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float magnitude = exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                          : exponent == 0
                              ? std::ldexp(static_cast<float>(fraction), -24)
                              : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return (bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

bw::Tensor FromHalves(const TensorInfo& info) {
  bw::Tensor tensor(DType::kFloat32, info.shape);
  const auto elements = tensor.span<float>();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, info.data.data() + 2 * i, sizeof(bits));
    elements[i] = FromHalf(bits);
  }
  return tensor;
}

Expected<void> CheckElements(const bw::Tensor& tensor) {
  if (tensor.dtype() == DType::kFloat32) {
    const auto elements = tensor.span<float>();
    if (std::any_of(elements.begin(), elements.end(), [](float x) { return std::isnan(x); })) {
      return Fail("holds NaN, numbers are needed");
    }
  }
  return {};
}

// bool in a file is a byte of 0 or 1; other bytes count as true.
bw::Tensor FromBytes(const TensorInfo& info, DType dtype) {
  bw::Tensor tensor(dtype, info.shape);
  if (dtype == DType::kBool) {
    std::transform(info.data.begin(), info.data.end(), tensor.span<bool>().begin(),
                   [](std::uint8_t x) { return x != 0; });
  } else if (!info.data.empty()) {
    std::memcpy(TensorRef(tensor).data, info.data.data(), info.data.size());
  }
  return tensor;
}

}  // namespace

std::int64_t AxisIn(Form form, std::int64_t axis) {
  constexpr std::int64_t kSpatialAxes[] = {0, 2, 3, 1};
  return form == Form::kFile ? axis : kSpatialAxes[axis];
}

Shape ShapeIn(Form form, const Shape& shape) {
  if (form == Form::kFile) return shape;
  return {shape[0], shape[3], shape[1], shape[2]};
}

Expected<DType> DTypeFor(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
    case ElementType::kFloat16:
      return DType::kFloat32;
    case ElementType::kInt32:
      return DType::kInt32;
    case ElementType::kInt64:
      return DType::kInt64;
    case ElementType::kUint8:
      return DType::kUint8;
    case ElementType::kInt8:
      return DType::kInt8;
    case ElementType::kBool:
      return DType::kBool;
    default:
      return Fail("is {}, allowed: float32, float16 constants, int8, uint8, int32, int64, bool",
                  TypeText(type));
  }
}

bw::Tensor Transposed(const bw::Tensor& tensor, const std::vector<std::int64_t>& perm) {
  Shape shape;
  for (const std::int64_t axis : perm)
    shape.push_back(tensor.shape()[static_cast<std::size_t>(axis)]);
  bw::Tensor out(tensor.dtype(), shape);
  const Node node{"", FindOp("Transpose"), {}, {}, {{{"perm", perm}}}};
  const std::array<ConstTensorRef, 1> in = {tensor};
  const std::array<TensorRef, 1> to = {out};
  node.op->reference(node, in, to);
  return out;
}

Lowering::Lowering(const Model& model) : model_(model), places_(model.tensors.size()) {
  graph_.name = model.name;
}

std::string Lowering::Unique(const std::string& wanted) {
  std::string name = wanted;
  for (int k = 2; !names_.insert(name).second; ++k) name = fmt::format("{}_{}", wanted, k);
  return name;
}

void Lowering::Name(ValueId value, const std::string& wanted) {
  if (!named_.insert(value).second) return;
  bw::Value& held = graph_.value(value);
  names_.erase(held.name);
  held.name = Unique(wanted);
}

Expected<bw::Tensor> Lowering::Load(int tensor) const {
  const TensorInfo& info = Tensors(tensor);
  const auto dtype = DTypeFor(info.type);
  if (!dtype) return Context(fmt::format("tensor '{}'", info.name), dtype.error());
  bw::Tensor loaded =
      info.type == ElementType::kFloat16 ? FromHalves(info) : FromBytes(info, *dtype);
  if (const auto fine = CheckElements(loaded); !fine) {
    return Context(fmt::format("tensor '{}'", info.name), fine.error());
  }
  return loaded;
}

ValueId Lowering::Add(bw::Tensor constant) {
  const ValueId id = graph_.AddValue(Unique(fmt::format("{}.constant", stem_)), constant.type());
  graph_.value(id).constant = std::move(constant);
  return id;
}

ValueId Lowering::AddInts(const std::vector<std::int64_t>& elements) {
  return Add(
      bw::Tensor::From<std::int64_t>({static_cast<std::int64_t>(elements.size())}, elements));
}

ValueId Lowering::AddScalar(float element) {
  return Add(bw::Tensor::From<float>({}, std::vector<float>{element}));
}

std::vector<ValueId> Lowering::Emit(std::string_view op, std::vector<ValueId> from,
                                    Items attributes, std::size_t count, std::string_view domain) {
  const OpDef* def = FindOp(op, domain);
  BW_CHECK(def != nullptr);
  const std::string name =
      nodes_of_op_ == 0 ? stem_ : fmt::format("{}_{}", stem_, nodes_of_op_ + 1);
  ++nodes_of_op_;
  std::vector<ValueId> to;
  for (std::size_t i = 0; i < count; ++i) {
    to.push_back(graph_.AddValue(Unique(fmt::format("{}.out", name)), {}));
  }
  graph_.nodes.push_back({name, def, std::move(from), to, {std::move(attributes)}});
  return to;
}

// Elements whose order does not change are only reshaped.
ValueId Lowering::Moved(ValueId value, const TensorInfo& tensor, Form to) {
  const Shape& shape = tensor.shape;
  if (shape[3] == 1 || shape[1] * shape[2] == 1) {
    Shape target = ShapeIn(to, shape);
    target[0] = 0;  // as many as come in
    return Emit("Reshape", {value, AddInts(target)});
  }
  return Emit("Transpose", {value}, {{"perm", to == Form::kSpatial ? kToSpatial : kToFile}});
}

Expected<ValueId> Lowering::MakeForm(int tensor, Form form) {
  const TensorInfo& info = Tensors(tensor);
  if (info.is_constant) {
    BW_ASSIGN(bw::Tensor loaded, Load(tensor));
    if (form == Form::kSpatial) loaded = Transposed(loaded, kToSpatial);
    const ValueId id = Add(std::move(loaded));
    Name(id, info.name);
    return id;
  }
  const Place& place = PlaceOf(tensor);
  const ValueId other = form == Form::kFile ? place.spatial : place.file;
  if (other == kNoValue) {
    return Fail("reads '{}' before anything has computed it, operators must be in execution order",
                info.name);
  }
  const ValueId moved = Moved(other, info, form);
  Name(moved, fmt::format("{}.{}", info.name, form == Form::kFile ? "nhwc" : "nchw"));
  return moved;
}

Expected<ValueId> Lowering::Value(std::size_t i, Form form) {
  const int tensor = op_->inputs[i];
  BW_CHECK(form == Form::kFile || In(i).shape.size() == 4);
  const auto held = [&]() -> ValueId& {
    Place& place = PlaceOf(tensor);
    return form == Form::kFile ? place.file : place.spatial;
  };
  if (held() != kNoValue) return held();
  BW_ASSIGN(const ValueId made, MakeForm(tensor, form));
  held() = made;
  return made;
}

Form Lowering::Natural(std::size_t i) const {
  if (In(i).is_constant || !IsFloat(i)) return Form::kFile;
  const Place& place = places_[static_cast<std::size_t>(op_->inputs[i])];
  return place.file == kNoValue && place.spatial != kNoValue ? Form::kSpatial : Form::kFile;
}

Expected<bw::Tensor> Lowering::Constant(std::size_t i) const {
  if (!In(i).is_constant) {
    return Fail("input {} '{}' is computed by the network, a constant is needed", i, In(i).name);
  }
  return Load(op_->inputs[i]);
}

Expected<std::vector<std::int64_t>> Lowering::Ints(std::size_t i, std::string_view what) const {
  constexpr ElementType kIntegers[] = {ElementType::kInt32, ElementType::kInt64};
  BW_TRY(CheckType(In(i), what, kIntegers));
  auto constant = Constant(i);
  if (!constant) return Context(what, std::move(constant).error());
  return ops::ReadInts(*constant);
}

Expected<void> Lowering::CheckCounts(std::size_t least, std::size_t most, std::size_t out) const {
  if (inputs() < least || inputs() > most) {
    return Fail("has {} inputs, {} to {} are allowed", inputs(), least, most);
  }
  if (outputs() != out) return Fail("has {} outputs, {} allowed", outputs(), out);
  for (std::size_t i = 0; i < least; ++i) {
    if (!Has(i)) return Fail("input {} is absent, the first {} are required", i, least);
  }
  return {};
}

Expected<void> Lowering::CheckType(const TensorInfo& tensor, std::string_view what,
                                   std::span<const ElementType> allowed) const {
  if (std::find(allowed.begin(), allowed.end(), tensor.type) != allowed.end()) return {};
  std::string names;
  for (const ElementType one : allowed) names += (names.empty() ? "" : ", ") + TypeText(one);
  return Fail("{} '{}' is {}, allowed: {}", what, tensor.name, TypeText(tensor.type), names);
}

Expected<void> Lowering::CheckRank(std::size_t i, std::size_t rank) const {
  if (In(i).shape.size() == rank) return {};
  return Fail("input {} is {}, it must have {} axes", i, ShapeText(In(i).shape), rank);
}

Expected<void> Lowering::Start(const Operator& op) {
  op_ = &op;
  stem_ = Unique(fmt::format("{}_{}", Lower(op.name), &op - model_.operators.data()));
  nodes_of_op_ = 0;
  for (const int tensor : op.inputs) {
    if (tensor < 0 || Tensors(tensor).is_constant) continue;
    const Place& place = PlaceOf(tensor);
    if (place.file == kNoValue && place.spatial == kNoValue) {
      return Fail(
          "reads '{}' before anything has computed it, operators must be in execution order",
          Tensors(tensor).name);
    }
  }
  for (const int tensor : op.outputs) {
    const Place& place = PlaceOf(tensor);
    if (Tensors(tensor).is_constant || place.file != kNoValue || place.spatial != kNoValue) {
      return Fail("writes '{}', which already has a value; each is assigned once",
                  Tensors(tensor).name);
    }
  }
  return {};
}

Expected<void> Lowering::Finish() {
  if (no_image_ >= 0) {
    return Fail("its output '{}' is {}, it must have 4 axes", Tensors(no_image_).name,
                ShapeText(Tensors(no_image_).shape));
  }
  for (const int tensor : op_->outputs) {
    const Place& place = PlaceOf(tensor);
    if (place.file == kNoValue && place.spatial == kNoValue) {
      return Fail("writes '{}' twice, each tensor is assigned once", Tensors(tensor).name);
    }
  }
  return {};
}

void Lowering::Give(std::size_t i, ValueId value, Form form) {
  const int tensor = op_->outputs[i];
  const TensorInfo& info = Tensors(tensor);
  if (form == Form::kSpatial && info.shape.size() != 4) {
    no_image_ = tensor;
    return;
  }
  (form == Form::kFile ? PlaceOf(tensor).file : PlaceOf(tensor).spatial) = value;
  Name(value, info.name);
  if (const auto dtype = DTypeFor(info.type)) {
    promises_.push_back({value, {*dtype, ShapeIn(form, info.shape)}, op_->where});
  }
}

Expected<void> Lowering::AddInput(int tensor) {
  const TensorInfo& info = Tensors(tensor);
  if (info.is_constant || PlaceOf(tensor).file != kNoValue) {
    return Fail("is a constant or listed twice, an input is neither");
  }
  BW_ASSIGN(const DType dtype, DTypeFor(info.type));
  const bool coded = dtype == DType::kInt8 || dtype == DType::kUint8;
  TensorType type{coded && info.affine ? DType::kFloat32 : dtype, info.shape};
  if (std::find(type.shape.begin(), type.shape.end(), 0) != type.shape.end()) {
    return Fail("is {}, extents of at least 1 are allowed", ShapeText(type.shape));
  }
  if (info.batch_is_free) type.shape[0] = -1;
  const ValueId id = graph_.AddValue(Unique(info.name), std::move(type));
  named_.insert(id);
  graph_.inputs.push_back(id);
  PlaceOf(tensor).file = id;
  if (!coded || !info.affine) return {};
  stem_ = Unique("quantize_input");
  nodes_of_op_ = 0;
  BW_ASSIGN(Items attributes, QuantizeAttributes(info));
  PlaceOf(tensor).file = Emit("TfliteQuantize", {id}, std::move(attributes), kOwnDomain);
  Name(PlaceOf(tensor).file, info.name + ".codes");
  return {};
}

Expected<void> Lowering::AddInputs() {
  for (const int tensor : model_.inputs) {
    if (auto added = AddInput(tensor); !added) {
      return Context(fmt::format("input '{}'", Tensors(tensor).name), std::move(added).error());
    }
  }
  return {};
}

// The value in the file's form, as real numbers, that is no input and no output yet.
Expected<ValueId> Lowering::OutputOf(int tensor) {
  const TensorInfo& info = Tensors(tensor);
  Place& place = PlaceOf(tensor);
  stem_ = Unique("output");
  nodes_of_op_ = 0;
  if (place.file == kNoValue) {
    if (info.is_constant || place.spatial == kNoValue) return Fail("nothing computes it");
    place.file = Moved(place.spatial, info, Form::kFile);
    std::swap(graph_.value(place.file).name, graph_.value(place.spatial).name);
  }
  ValueId value = place.file;
  if (info.affine && (info.type == ElementType::kInt8 || info.type == ElementType::kUint8)) {
    BW_ASSIGN(Items attributes, DequantizeAttributes(info));
    value = Emit("TfliteDequantize", {value}, std::move(attributes), kOwnDomain);
    std::swap(graph_.value(value).name, graph_.value(place.file).name);
  }
  const auto taken = [&](const std::vector<ValueId>& ids) {
    return std::find(ids.begin(), ids.end(), value) != ids.end();
  };
  if (taken(graph_.inputs) || taken(graph_.outputs)) value = Emit("Identity", {value});
  return value;
}

Expected<Graph> Lowering::Done() && {
  for (const int tensor : model_.outputs) {
    auto value = OutputOf(tensor);
    if (!value) {
      return Context(fmt::format("output '{}'", Tensors(tensor).name), std::move(value).error());
    }
    graph_.outputs.push_back(*value);
  }
  return std::move(graph_);
}

}  // namespace bw::tflite
