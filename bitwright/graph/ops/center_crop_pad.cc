// Crops or pads with zeros, as much on both sides, to the shape in input 1 (of the listed axes).

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

constexpr AttributeRule kAttributes[] = {{"axes", AttributeRule::Kind::kInts}};

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_ASSIGN(const auto extents, KnownInts(in, 1, "shape"));
  TensorType out = in.types[0];
  std::vector<std::int64_t> axes = in.node.attributes.Ints("axes", {});
  for (std::size_t i = 0; axes.size() < out.shape.size() && !in.node.attributes.Has("axes"); ++i) {
    axes.push_back(static_cast<std::int64_t>(i));
  }
  BW_TRY(NormalAxes(axes, out.shape.size()));
  if (extents.size() != axes.size()) {
    return Fail("shape has {} entries for {} axes, one for each is needed", extents.size(),
                axes.size());
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    BW_ASSIGN(const std::size_t axis, NormalAxis(axes[i], out.shape.size()));
    out.shape[axis] = extents[i];
  }
  return Types{std::move(out)};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape &x = inputs[0].shape, &y = outputs[0].shape;
  std::vector<std::vector<std::int64_t>> maps(x.size());
  for (std::size_t axis = 0; axis < x.size(); ++axis) {
    const std::int64_t cut = std::max<std::int64_t>(x[axis] - y[axis], 0) / 2;
    const std::int64_t pad = std::max<std::int64_t>(y[axis] - x[axis], 0) / 2;
    for (std::int64_t i = 0; i < y[axis]; ++i) {
      const std::int64_t from = i - pad + cut;
      maps[axis].push_back(from >= 0 && from < x[axis] ? from : -1);
    }
  }
  DispatchAny(outputs[0].dtype,
              [&]<typename T>() { GatherByMaps<T>(inputs[0], outputs[0], maps, T{}); });
}

}  // namespace

BW_ENTRY(OpDef, center_crop_pad) = {.name = "CenterCropPad",
                                    .role = OpRole::kMovement,
                                    .infer = Infer,
                                    .since = 18,
                                    .attributes = kAttributes,
                                    .reference = Reference};

}  // namespace bw::ops
