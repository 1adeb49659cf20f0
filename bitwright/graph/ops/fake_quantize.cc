// Rounds every element to the values of a per-tensor spec: scale * (decode(code) - zero). Under a
// spec of blocks (block_scale.h, IsDynamic) the scales follow from the values at hand, and `scale`
// is the outer one of two levels.

#include <limits>

#include "bitwright/graph/ops/move.h"
#include "bitwright/tensor/block_scale.h"

namespace bw::ops {
namespace {

Expected<QuantSpec> ReadSpec(const Node& node) {
  BW_ASSIGN(QuantSpec spec, QuantSpec::Parse(node.attributes.String("spec", "")));
  if (!std::holds_alternative<PerTensor>(spec.grain) && !IsDynamic(spec)) {
    return Fail(
        "spec is '{}', only one scale for the whole tensor, or blocks under e8m0 or two levels are "
        "allowed",
        spec.ToString());
  }
  return spec;
}

// Rounds in place.
Expected<void> Round(const Node& node, const QuantSpec& spec, std::span<float> values,
                     const Shape& shape) {
  BW_ASSIGN(const Grouping grouping, MakeGrouping(spec.grain, shape));
  if (IsDynamic(spec)) {
    FakeQuantizeDynamic(values, grouping, spec, node.attributes.Float("scale", 1));
    return {};
  }
  QuantParams params{{node.attributes.Float("scale", 1)}, {}};
  if (!spec.symmetric) {
    params.zeros = {static_cast<std::int32_t>(node.attributes.Int("zero", 0))};
  }
  return FakeQuantize(values, grouping, spec, params);
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  BW_ASSIGN(const QuantSpec spec, ReadSpec(in.node));
  const float scale = in.node.attributes.Float("scale", 1);
  if (!(scale > 0) || scale > std::numeric_limits<float>::max()) {
    return Fail("scale is {}, it must be positive and finite", scale);
  }
  const std::int64_t zero = in.node.attributes.Int("zero", 0);
  const FormatInfo& element = spec.element.info();
  const auto value = static_cast<double>(zero);
  if (spec.symmetric ? zero != 0 : value < element.min || value > element.max) {
    return Fail(
        "zero is {} for spec '{}', allowed: {}", zero, spec.ToString(),
        spec.symmetric ? std::string("0") : fmt::format("{} to {}", element.min, element.max));
  }
  if (IsDynamic(spec)) {
    BW_TRY(MakeGrouping(spec.grain, in.types[0].shape));
    return Types{in.types[0]};
  }
  std::vector<float> probe(1, 0.0F);
  BW_TRY(Round(in.node, spec, probe, {1}));
  return Types{in.types[0]};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  CopyElements(node, inputs, outputs);
  const QuantSpec spec = ReadSpec(node).value();
  BW_CHECK(Round(node, spec, outputs[0].span<float>(), outputs[0].shape).has_value());
}

}  // namespace

BW_ENTRY(OpDef, fake_quantize) = {.name = "FakeQuantize",
                                  .domain = kOwnDomain,
                                  .role = OpRole::kQuantize,
                                  .infer = Infer,
                                  .reference = Reference};

}  // namespace bw::ops
