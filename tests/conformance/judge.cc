#include "judge.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "bitwright/onnx/import.h"
#include "bitwright/runtime/executor.h"
#include "bitwright/runtime/interpreter.h"

namespace bw::conformance {
namespace {
using onnx::TensorProto;

// Elements of a test's file in double or int64, read without Bitwright's importer.
struct Plain {
  Shape shape;
  std::vector<double> floats;
  std::vector<std::int64_t> integers;
};

template <typename T, typename Field>
std::vector<T> Elements(const TensorProto& proto, const Field& field) {
  std::vector<T> elements;
  if (proto.has_raw_data()) {
    elements.resize(proto.raw_data().size() / sizeof(T));
    std::memcpy(elements.data(), proto.raw_data().data(), elements.size() * sizeof(T));
  } else {
    for (const auto element : field) elements.push_back(static_cast<T>(element));
  }
  return elements;
}

template <typename T, typename Field>
void Read(const TensorProto& proto, const Field& field, Plain& plain) {
  for (const T element : Elements<T>(proto, field)) {
    if constexpr (std::is_floating_point_v<T>) {
      plain.floats.push_back(static_cast<double>(element));
    } else {
      plain.integers.push_back(static_cast<std::int64_t>(element));
    }
  }
}

double FromHalf(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31) value = fraction == 0 ? INFINITY : NAN;
  return bits >> 15 != 0 ? -value : value;
}

Expected<Plain> ReadPlain(const TensorProto& proto) {
  Plain plain{{proto.dims().begin(), proto.dims().end()}, {}, {}};
  switch (proto.data_type()) {
    case TensorProto::FLOAT:
      Read<float>(proto, proto.float_data(), plain);
      break;
    case TensorProto::DOUBLE:
      Read<double>(proto, proto.double_data(), plain);
      break;
    case TensorProto::FLOAT16:
      for (const auto bits : Elements<std::uint16_t>(proto, proto.int32_data()))
        plain.floats.push_back(FromHalf(bits));
      break;
    case TensorProto::BFLOAT16:
      for (const auto bits : Elements<std::uint16_t>(proto, proto.int32_data()))
        plain.floats.push_back(
            static_cast<double>(std::bit_cast<float>(std::uint32_t{bits} << 16)));
      break;
    case TensorProto::INT64:
      Read<std::int64_t>(proto, proto.int64_data(), plain);
      break;
    case TensorProto::INT32:
      Read<std::int32_t>(proto, proto.int32_data(), plain);
      break;
    case TensorProto::INT16:
      Read<std::int16_t>(proto, proto.int32_data(), plain);
      break;
    case TensorProto::UINT16:
      Read<std::uint16_t>(proto, proto.int32_data(), plain);
      break;
    case TensorProto::UINT32:
      Read<std::uint32_t>(proto, proto.uint64_data(), plain);
      break;
    case TensorProto::UINT64:
      Read<std::uint64_t>(proto, proto.uint64_data(), plain);
      break;
    case TensorProto::INT8:
      Read<std::int8_t>(proto, proto.int32_data(), plain);
      break;
    case TensorProto::UINT8:
    case TensorProto::BOOL:
      Read<std::uint8_t>(proto, proto.int32_data(), plain);
      break;
    default:
      return Fail("element type {} is not one of the tests'", proto.data_type());
  }
  return plain;
}

template <typename T>
void Fill(Tensor& tensor, const Plain& plain) {
  const auto to = tensor.span<T>();
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] =
        plain.floats.empty() ? static_cast<T>(plain.integers[i]) : static_cast<T>(plain.floats[i]);
  }
}

Expected<TensorPtr> ToTensor(const TensorProto& proto, DType dtype) {
  BW_ASSIGN(const Plain plain, ReadPlain(proto));
  auto tensor = std::make_shared<Tensor>(dtype, plain.shape);
  switch (dtype) {
    case DType::kFloat32:
      Fill<float>(*tensor, plain);
      break;
    case DType::kInt32:
      Fill<std::int32_t>(*tensor, plain);
      break;
    case DType::kInt64:
      Fill<std::int64_t>(*tensor, plain);
      break;
    case DType::kUint8:
      Fill<std::uint8_t>(*tensor, plain);
      break;
    case DType::kInt8:
      Fill<std::int8_t>(*tensor, plain);
      break;
    case DType::kBool:
      Fill<bool>(*tensor, plain);
      break;
  }
  return tensor;
}

template <typename T>
Plain PlainOf(const ConstTensorRef& tensor) {
  Plain plain{tensor.shape, {}, {}};
  for (const T element : tensor.span<T>()) {
    if constexpr (std::is_floating_point_v<T>) {
      plain.floats.push_back(static_cast<double>(element));
    } else {
      plain.integers.push_back(static_cast<std::int64_t>(element));
    }
  }
  return plain;
}

Plain PlainOf(const ConstTensorRef& tensor) {
  switch (tensor.dtype) {
    case DType::kInt32:
      return PlainOf<std::int32_t>(tensor);
    case DType::kInt64:
      return PlainOf<std::int64_t>(tensor);
    case DType::kUint8:
      return PlainOf<std::uint8_t>(tensor);
    case DType::kInt8:
      return PlainOf<std::int8_t>(tensor);
    case DType::kBool:
      return PlainOf<bool>(tensor);
    default:
      return PlainOf<float>(tensor);
  }
}

// The tolerances of ONNX's own test runner.
bool Near(double got, double expected) {
  if (std::isnan(expected) || std::isinf(expected)) {
    return std::isnan(expected) ? std::isnan(got) : got == expected;
  }
  return std::abs(got - expected) <= 1e-7 + 1e-3 * std::abs(expected);
}

std::string Difference(const Plain& got, const Plain& expected) {
  if (got.shape != expected.shape || got.floats.size() != expected.floats.size() ||
      got.integers.size() != expected.integers.size()) {
    return fmt::format("is {} of {}, expected {} of {}", ShapeText(got.shape),
                       got.floats.empty() ? "integers" : "floats", ShapeText(expected.shape),
                       expected.floats.empty() ? "integers" : "floats");
  }
  for (std::size_t i = 0; i < got.floats.size(); ++i) {
    if (!Near(got.floats[i], expected.floats[i]))
      return fmt::format("element {} is {}, expected {}", i, got.floats[i], expected.floats[i]);
  }
  for (std::size_t i = 0; i < got.integers.size(); ++i) {
    if (got.integers[i] != expected.integers[i])
      return fmt::format("element {} is {}, expected {}", i, got.integers[i], expected.integers[i]);
  }
  return "";
}

Outcome Compare(const std::vector<ConstTensorRef>& outputs, const Sample& sample,
                std::string_view how) {
  for (std::size_t i = 0; i < sample.outputs.size(); ++i) {
    const auto expected = ReadPlain(sample.outputs[i]);
    if (!expected) return {Verdict::kRefused, expected.error().message};
    const std::string difference = Difference(PlainOf(outputs.at(i)), *expected);
    if (!difference.empty())
      return {Verdict::kWrong, fmt::format("{}: output {} {}", how, i, difference)};
  }
  return {};
}

Outcome RunInterpreter(const Graph& graph, const std::vector<TensorPtr>& inputs,
                       const Sample& sample, Backend backend) {
  auto outputs = Interpreter(graph, backend).Run(inputs);
  if (!outputs) return {Verdict::kRefused, outputs.error().message};
  std::vector<ConstTensorRef> refs;
  for (const TensorPtr& output : *outputs) refs.push_back(*output);
  return Compare(refs, sample, backend == Backend::kFast ? "fast" : "reference");
}

// Passes where types follow from data: that is the interpreter's.
Outcome RunExecutor(const Graph& graph, const std::vector<TensorPtr>& inputs,
                    const Sample& sample) {
  std::vector<Shape> shapes;
  std::vector<ConstTensorRef> in, out;
  for (const TensorPtr& input : inputs) {
    shapes.push_back(input->shape());
    in.push_back(*input);
  }
  auto executor = Executor::Create(graph, shapes, {});
  if (!executor) return {};
  executor->Run(in);
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) out.push_back(executor->Output(i));
  return Compare(out, sample, "executor");
}

Outcome RunSample(const Graph& graph, const Sample& sample) {
  if (sample.inputs.size() != graph.inputs.size()) {
    return {Verdict::kRefused,
            fmt::format("{} inputs for {}", sample.inputs.size(), graph.inputs.size())};
  }
  std::vector<TensorPtr> inputs;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    auto tensor = ToTensor(sample.inputs[i], graph.value(graph.inputs[i]).type.dtype);
    if (!tensor) return {Verdict::kRefused, tensor.error().message};
    inputs.push_back(*std::move(tensor));
  }
  for (const Backend backend : {Backend::kReference, Backend::kFast}) {
    Outcome outcome = RunInterpreter(graph, inputs, sample, backend);
    if (outcome.verdict != Verdict::kPass) return outcome;
  }
  return RunExecutor(graph, inputs, sample);
}

}  // namespace

std::string Dispute(const std::string& test) {
  if (test.starts_with("test_qlinearmatmul_") && test.find("_int8_") != std::string::npos) {
    return "the expected codes wrap where the operator's definition saturates";
  }
  if (test.starts_with(
          "test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_T")) {
    return "the expected means count places beyond the padding that the node declares";
  }
  return "";
}

Outcome Judge(const Test& test) {
  const auto graph = ImportOnnxBytes(test.model, "", test.name);
  if (!graph) return {Verdict::kRefused, graph.error().message};
  for (const Sample& sample : test.samples) {
    Outcome outcome = RunSample(*graph, sample);
    if (outcome.verdict == Verdict::kPass) continue;
    if (outcome.verdict == Verdict::kWrong && !Dispute(test.name).empty()) {
      return {Verdict::kRefused, Dispute(test.name)};
    }
    return outcome;
  }
  return {};
}

}  // namespace bw::conformance
