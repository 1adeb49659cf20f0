#include "bitwright/onnx/tensor_proto.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "bitwright/onnx/external_data.h"

namespace bw {
namespace {
using onnx::TensorProto;
static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

constexpr std::int64_t kMaxElements = std::int64_t{1} << 34;

float FromHalf(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  float magnitude = 0;
  if (exponent == 31) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else {
    magnitude = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                              : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  }
  return bits >> 15 != 0 ? -magnitude : magnitude;
}

float FromBfloat(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

std::size_t OnnxBytes(int type) {
  switch (type) {
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
      return 8;
    case TensorProto::FLOAT:
    case TensorProto::INT32:
      return 4;
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return 2;
    default:
      return 1;
  }
}

// In the order of ElementCount, so that what passes here cannot overflow there.
Expected<std::int64_t> CheckedCount(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0) return Fail("extents {} hold a negative one ({})", ShapeText(shape), extent);
    if (__builtin_mul_overflow(count, extent, &count) || count > kMaxElements) {
      return Fail("extents {} make too many elements, at most 2^34 are allowed", ShapeText(shape));
    }
  }
  return count;
}

template <typename To, typename From>
std::string Narrowed(const google::protobuf::RepeatedField<From>& field) {
  std::string bytes(static_cast<std::size_t>(field.size()) * sizeof(To), '\0');
  for (int i = 0; i < field.size(); ++i) {
    const To value = static_cast<To>(field.Get(i));
    std::memcpy(bytes.data() + static_cast<std::size_t>(i) * sizeof(To), &value, sizeof(To));
  }
  return bytes;
}

// The typed field that ONNX prescribes for the element type, as the bytes raw_data would hold.
std::string TypedBytes(const TensorProto& proto) {
  switch (proto.data_type()) {
    case TensorProto::FLOAT:
      return Narrowed<float>(proto.float_data());
    case TensorProto::DOUBLE:
      return Narrowed<double>(proto.double_data());
    case TensorProto::INT64:
      return Narrowed<std::int64_t>(proto.int64_data());
    case TensorProto::INT32:
      return Narrowed<std::int32_t>(proto.int32_data());
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return Narrowed<std::uint16_t>(proto.int32_data());
    default:
      return Narrowed<std::uint8_t>(proto.int32_data());
  }
}

template <typename From, typename To, typename Convert>
void ConvertAll(std::string_view bytes, std::span<To> out, Convert convert) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
    out[i] = convert(value);
  }
}

float RoundToFloat(double value) { return static_cast<float>(value); }

Tensor Decode(int type, DType dtype, Shape shape, std::string_view bytes) {
  Tensor tensor(dtype, std::move(shape));
  switch (type) {
    case TensorProto::DOUBLE:
      ConvertAll<double>(bytes, tensor.span<float>(), RoundToFloat);
      break;
    case TensorProto::FLOAT16:
      ConvertAll<std::uint16_t>(bytes, tensor.span<float>(), FromHalf);
      break;
    case TensorProto::BFLOAT16:
      ConvertAll<std::uint16_t>(bytes, tensor.span<float>(), FromBfloat);
      break;
    case TensorProto::BOOL:
      ConvertAll<std::uint8_t>(bytes, tensor.span<bool>(), [](std::uint8_t b) { return b != 0; });
      break;
    default:
      if (!bytes.empty()) std::memcpy(TensorRef(tensor).data, bytes.data(), bytes.size());
  }
  return tensor;
}

Expected<void> CheckNoNan(const Tensor& tensor) {
  if (tensor.dtype() != DType::kFloat32) return {};
  const auto elements = tensor.span<float>();
  const auto nan = std::find_if(elements.begin(), elements.end(), [](float x) { return x != x; });
  if (nan == elements.end()) return {};
  return Fail("element {} of {} is NaN, numbers are needed", nan - elements.begin(),
              ShapeText(tensor.shape()));
}

Expected<void> CheckSize(const TensorProto& proto, const Shape& shape, std::size_t got,
                         std::size_t needed) {
  if (got == needed) return {};
  return Fail("holds {} bytes of data, {} of {} need {}", got, OnnxTypeName(proto.data_type()),
              ShapeText(shape), needed);
}

}  // namespace

std::string OnnxTypeName(int onnx_type) {
  switch (onnx_type) {  // newer than the message classes
    case 17:
      return "float8e4m3fn";
    case 18:
      return "float8e4m3fnuz";
    case 19:
      return "float8e5m2";
    case 20:
      return "float8e5m2fnuz";
    case 21:
      return "uint4";
    case 22:
      return "int4";
    default:
      break;
  }
  if (!onnx::TensorProto_DataType_IsValid(onnx_type)) return fmt::format("type {}", onnx_type);
  std::string name =
      onnx::TensorProto_DataType_Name(static_cast<onnx::TensorProto_DataType>(onnx_type));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return onnx_type == TensorProto::FLOAT ? "float32" : name;
}

Expected<DType> DTypeFromOnnx(int onnx_type) {
  switch (onnx_type) {
    case TensorProto::FLOAT:
    case TensorProto::DOUBLE:
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return DType::kFloat32;
    case TensorProto::INT32:
      return DType::kInt32;
    case TensorProto::INT64:
      return DType::kInt64;
    case TensorProto::UINT8:
      return DType::kUint8;
    case TensorProto::INT8:
      return DType::kInt8;
    case TensorProto::BOOL:
      return DType::kBool;
    default:
      return Fail(
          "element type is {}, allowed are float32, double, float16, bfloat16, int32, int64, "
          "uint8, int8 and bool",
          OnnxTypeName(onnx_type));
  }
}

Expected<Tensor> TensorFromProto(const TensorProto& proto, const std::string& folder) {
  if (proto.has_segment()) return Fail("is stored in segments, whole tensors are needed");
  BW_ASSIGN(const DType dtype, DTypeFromOnnx(proto.data_type()));
  Shape shape(proto.dims().begin(), proto.dims().end());
  BW_ASSIGN(const std::int64_t count, CheckedCount(shape));
  const std::size_t needed = static_cast<std::size_t>(count) * OnnxBytes(proto.data_type());
  std::string storage;
  std::string_view bytes = proto.raw_data();
  if (proto.data_location() == TensorProto::EXTERNAL) {
    BW_ASSIGN(storage, ReadExternalData(proto, folder, static_cast<std::int64_t>(needed)));
    bytes = storage;
  } else if (!proto.has_raw_data()) {
    storage = TypedBytes(proto);
    bytes = storage;
  }
  BW_TRY(CheckSize(proto, shape, bytes.size(), needed));
  Tensor tensor = Decode(proto.data_type(), dtype, std::move(shape), bytes);
  BW_TRY(CheckNoNan(tensor));
  return tensor;
}

}  // namespace bw
