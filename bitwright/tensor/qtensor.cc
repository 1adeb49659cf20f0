#include "bitwright/tensor/qtensor.h"

#include <algorithm>
#include <cmath>

#include "bitwright/tensor/float_round.h"
#include "bitwright/tensor/group_runs.h"
#include "bitwright/tensor/round_table.h"

namespace bw {
namespace {

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

static Expected<void> CheckParams(const QuantSpec& spec, const Grouping& grouping,
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

Expected<QTensor> Quantize(ConstTensorRef values, const QuantSpec& spec,
                           const QuantParams& params) {
  BW_ASSIGN(const Grouping grouping, MakeGrouping(spec.grain, values.shape));
  BW_TRY(CheckParams(spec, grouping, params));
  const std::span<const float> elements = values.span<float>();
  std::vector<Code> codes(elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto group = static_cast<std::size_t>(grouping.GroupOf(static_cast<std::int64_t>(i)));
    codes[i] = EncodeElement(spec.element, spec.symmetric, elements[i], params.scales[group],
                             ZeroOf(params, group));
  }
  return QTensor{values.shape, spec, params, Pack(codes, spec.element.bits())};
}

Tensor Dequantize(const QTensor& tensor) {
  const Expected<Grouping> grouping = MakeGrouping(tensor.spec.grain, tensor.shape);
  BW_CHECK(grouping.has_value());
  Tensor result(DType::kFloat32, tensor.shape);
  const std::span<float> elements = result.span<float>();
  const std::vector<Code> codes = Unpack(tensor.codes, tensor.spec.element.bits(), elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto group = static_cast<std::size_t>(grouping->GroupOf(static_cast<std::int64_t>(i)));
    elements[i] = DecodeElement(tensor.spec.element.Decode(codes[i]), tensor.params.scales[group],
                                ZeroOf(tensor.params, group));
  }
  return result;
}

Expected<void> FakeQuantize(std::span<float> values, const Grouping& grouping,
                            const QuantSpec& spec, const QuantParams& params) {
  BW_CHECK(static_cast<std::int64_t>(values.size()) ==
           grouping.outer * grouping.reduce * grouping.inner);
  BW_TRY(CheckParams(spec, grouping, params));
  const RoundTable& table = RoundTableOf(spec.element);
  const FloatRound& fast = FloatRoundOf(spec.element);
  ForEachRun(grouping, [&](const GroupRun& run) {
    // Neighbours with zero points of their own go one by one.
    const bool apart = run.step != 0 && !params.zeros.empty();
    const std::size_t size = apart ? 1 : run.size;
    for (std::size_t i = 0; i < run.size; i += size) {
      const std::size_t group = run.group + i * run.step;
      const std::span<float> part = values.subspan(run.begin + i, size);
      FastRoundValues(fast, table, part, &params.scales[group], run.step, ZeroOf(params, group),
                      part.data());
    }
  });
  return {};
}

}  // namespace bw
