#include "bitwright/tensor/qtensor.h"

#include <algorithm>
#include <cmath>

#include "bitwright/tensor/code_kernels.h"
#include "bitwright/tensor/group_runs.h"
#include "bitwright/tensor/pack.h"

namespace bw {
namespace {

constexpr int kByteBits = 8;

// The law: the code of x under one group's scale and zero point, all arithmetic in double.
Code EncodeElement(const Format& element, bool symmetric, float x, float scale, std::int32_t zero) {
  const double ratio = static_cast<double>(x) / static_cast<double>(scale);
  if (symmetric) return element.Encode(ratio);
  if (std::isnan(ratio)) return element.Encode(zero);
  return element.Encode(std::nearbyint(ratio) + zero);
}

float DecodeElement(double value, float scale, std::int32_t zero) {
  return scale * static_cast<float>(value - zero);
}

std::int32_t ZeroOf(const QuantParams& params, std::size_t group) {
  return params.zeros.empty() ? 0 : params.zeros[group];
}

}  // namespace

std::size_t QTensor::bytes() const {
  return codes.size() + (spec.two_level ? sizeof(float) : 0) +
         PackedBytes(spec.scale.bits(), params.scales.size()) +
         PackedBytes(spec.element.bits(), params.zeros.size());
}

Expected<void> CheckParams(const QuantSpec& spec, const Grouping& grouping,
                           const QuantParams& params) {
  const auto groups = static_cast<std::size_t>(grouping.groups());
  if (params.scales.size() != groups) {
    return Fail("{}: got {} scales, the grouping needs {}", spec.ToString(), params.scales.size(),
                groups);
  }
  const std::size_t zeros = spec.symmetric ? 0 : groups;
  if (params.zeros.size() != zeros) {
    return Fail("{}: got {} zero points, the grouping needs {}", spec.ToString(),
                params.zeros.size(), zeros);
  }
  for (const float scale : params.scales) {
    if (std::isfinite(scale) && scale > 0) continue;
    return Fail("{}: a scale is {}, allowed is a positive finite number", spec.ToString(), scale);
  }
  const FormatInfo& info = spec.element.info();
  for (const std::int32_t zero : params.zeros) {
    if (zero >= info.min && zero <= info.max) continue;
    return Fail("{}: a zero point is {}, allowed is {} to {}", spec.ToString(), zero, info.min,
                info.max);
  }
  return {};
}

// Packed codes, one by one: for formats of more than 8 bits.
static std::vector<std::uint8_t> EncodeWide(std::span<const float> elements,
                                            const Grouping& grouping, const QuantSpec& spec,
                                            const QuantParams& params) {
  std::vector<Code> codes(elements.size());
  ForEachRun(grouping, [&](const GroupRun& run) {
    for (std::size_t i = 0; i < run.size; ++i) {
      const std::size_t group = run.group + i * run.step;
      codes[run.begin + i] = EncodeElement(spec.element, spec.symmetric, elements[run.begin + i],
                                           params.scales[group], ZeroOf(params, group));
    }
  });
  return Pack(codes, spec.element.bits());
}

static std::vector<std::uint8_t> EncodeBytes(std::span<const float> elements,
                                             const Grouping& grouping, const QuantSpec& spec,
                                             const QuantParams& params) {
  const CodeTable& table = CodeTableOf(spec.element);
  std::vector<std::uint8_t> codes(elements.size());
  ForEachRun(grouping, [&](const GroupRun& run) {
    const std::size_t size = run.step == 0 ? run.size : 1;
    for (std::size_t i = 0; i < run.size; i += size) {
      const std::size_t group = run.group + i * run.step;
      EncodeRow(table, elements.subspan(run.begin + i, size), params.scales[group],
                ZeroOf(params, group), spec.symmetric, codes.data() + run.begin + i);
    }
  });
  std::vector<std::uint8_t> packed(PackedBytes(spec.element.bits(), codes.size()));
  PackCodes(std::span<const std::uint8_t>(codes), spec.element.bits(), packed.data());
  return packed;
}

Expected<QTensor> Quantize(ConstTensorRef values, const QuantSpec& spec,
                           const QuantParams& params) {
  BW_ASSIGN(const Grouping grouping, MakeGrouping(spec.grain, values.shape));
  BW_TRY(CheckParams(spec, grouping, params));
  const std::span<const float> elements = values.span<float>();
  const auto encode = spec.element.bits() <= kByteBits ? EncodeBytes : EncodeWide;
  return QTensor{values.shape, spec, params, encode(elements, grouping, spec, params)};
}

static void DecodeWide(const QTensor& tensor, const Grouping& grouping, std::span<float> elements) {
  const std::vector<Code> codes = Unpack(tensor.codes, tensor.spec.element.bits(), elements.size());
  ForEachRun(grouping, [&](const GroupRun& run) {
    for (std::size_t i = 0; i < run.size; ++i) {
      const std::size_t group = run.group + i * run.step;
      elements[run.begin + i] =
          DecodeElement(tensor.spec.element.Decode(codes[run.begin + i]),
                        tensor.params.scales[group], ZeroOf(tensor.params, group));
    }
  });
}

static void DecodeBytes(const QTensor& tensor, const Grouping& grouping,
                        std::span<float> elements) {
  const CodeTable& table = CodeTableOf(tensor.spec.element);
  std::vector<std::uint8_t> codes(elements.size());
  UnpackCodes(tensor.codes.data(), tensor.spec.element.bits(), std::span<std::uint8_t>(codes));
  ForEachRun(grouping, [&](const GroupRun& run) {
    const std::size_t size = run.step == 0 ? run.size : 1;
    for (std::size_t i = 0; i < run.size; i += size) {
      const std::size_t group = run.group + i * run.step;
      DecodeRow(table, std::span<const std::uint8_t>(codes).subspan(run.begin + i, size),
                tensor.params.scales[group], ZeroOf(tensor.params, group),
                elements.data() + run.begin + i);
    }
  });
}

Tensor Dequantize(const QTensor& tensor) {
  const Expected<Grouping> grouping = MakeGrouping(tensor.spec.grain, tensor.shape);
  BW_CHECK(grouping.has_value());
  Tensor result(DType::kFloat32, tensor.shape);
  const auto decode = tensor.spec.element.bits() <= kByteBits ? DecodeBytes : DecodeWide;
  decode(tensor, *grouping, result.span<float>());
  return result;
}

Expected<void> FakeQuantize(std::span<float> values, const Grouping& grouping,
                            const QuantSpec& spec, const QuantParams& params) {
  BW_CHECK(static_cast<std::int64_t>(values.size()) ==
           grouping.outer * grouping.reduce * grouping.inner);
  BW_TRY(CheckParams(spec, grouping, params));
  const RoundFunction round(spec.element);
  ForEachRun(grouping, [&](const GroupRun& run) {
    // Neighbours with zero points of their own go one by one.
    const bool apart = run.step != 0 && !params.zeros.empty();
    const std::size_t size = apart ? 1 : run.size;
    for (std::size_t i = 0; i < run.size; i += size) {
      const std::size_t group = run.group + i * run.step;
      const std::span<float> part = values.subspan(run.begin + i, size);
      round(part, &params.scales[group], run.step, ZeroOf(params, group), part.data());
    }
  });
  return {};
}

}  // namespace bw
