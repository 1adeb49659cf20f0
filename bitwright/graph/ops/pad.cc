// Padding by input 1, all begins then all ends (negative: cropping), with a constant (input 2,
// default 0), by reflection about the border elements, by repeating them, or from the other end.
// Input 3 lists the axes that the pads are for.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

enum class Mode { kConstant, kReflect, kEdge, kWrap };

Expected<Mode> ReadMode(const Node& node) {
  const std::string mode = node.attributes.String("mode", "constant");
  if (mode == "constant") return Mode::kConstant;
  if (mode == "reflect") return Mode::kReflect;
  if (mode == "edge") return Mode::kEdge;
  if (mode == "wrap") return Mode::kWrap;
  return Fail("mode is '{}', allowed: constant, reflect, edge, wrap", mode);
}

Expected<void> CheckAxis(Mode mode, std::int64_t extent, std::int64_t begin, std::int64_t end) {
  if (mode != Mode::kConstant && extent == 0) {
    return Fail("an axis of extent 0 cannot be padded from its elements; use mode constant");
  }
  if (mode == Mode::kReflect && (begin >= extent || end >= extent)) {
    return Fail("pads are {} and {} on an axis of {}, reflection needs fewer", begin, end, extent);
  }
  if (extent + begin + end < 0) {
    return Fail("pads are {} and {} on an axis of {}, less than nothing would be left", begin, end,
                extent);
  }
  return {};
}

Expected<void> CheckInputs(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 4, 1}));
  if (!in.has(2)) return {};
  BW_TRY(CheckSameDType(in, 2, 0));
  if (ElementCount(in.types[2].shape) == 1) return {};
  return Fail("input 2 (constant_value) is {}, it must be a scalar", ShapeText(in.types[2].shape));
}

// Pads of all axes from those of the listed ones.
Expected<std::vector<std::int64_t>> Spread(const std::vector<std::int64_t>& pads,
                                           const std::vector<std::int64_t>& axes,
                                           std::size_t rank) {
  if (pads.size() != 2 * axes.size()) {
    return Fail("pads has {} entries for {} axes, 2 for each are needed", pads.size(), axes.size());
  }
  std::vector<std::int64_t> all(2 * rank, 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    BW_ASSIGN(const std::size_t axis, NormalAxis(axes[i], rank));
    all[axis] = pads[i];
    all[axis + rank] = pads[i + axes.size()];
  }
  return all;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckInputs(in));
  BW_ASSIGN(const Mode mode, ReadMode(in.node));
  BW_ASSIGN(auto pads, KnownInts(in, 1, "pads"));
  TensorType out = in.types[0];
  if (in.has(3)) {
    BW_ASSIGN(const auto axes, KnownInts(in, 3, "axes"));
    BW_ASSIGN(pads, Spread(pads, axes, out.shape.size()));
  }
  const std::size_t rank = out.shape.size();
  if (pads.size() != 2 * rank) {
    return Fail("pads are [{}], an input of rank {} needs {} entries", fmt::join(pads, ","), rank,
                2 * rank);
  }
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t begin = pads[i], end = pads[i + rank];
    if (std::max(begin, end) > kMaxElements || std::min(begin, end) < -kMaxElements) {
      return Fail("pads are [{}], entries must be -2^34 to 2^34", fmt::join(pads, ","));
    }
    BW_TRY(CheckAxis(mode, out.shape[i], begin, end));
    out.shape[i] += begin + end;
  }
  return Types{std::move(out)};
}

// The input index under padded position `at`; -1: the constant.
std::int64_t Source(Mode mode, std::int64_t at, std::int64_t extent) {
  if (at >= 0 && at < extent) return at;
  if (mode == Mode::kConstant) return -1;
  if (mode == Mode::kWrap) return (at % extent + extent) % extent;
  if (mode == Mode::kEdge) return at < 0 ? 0 : extent - 1;
  return at < 0 ? -at : 2 * (extent - 1) - at;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Mode mode = ReadMode(node).value();
  std::vector<std::int64_t> pads = ReadInts(inputs[1]);
  if (inputs.size() > 3 && inputs[3].data != nullptr) {
    pads = Spread(pads, ReadInts(inputs[3]), outputs[0].shape.size()).value();
  }
  const Shape& out = outputs[0].shape;
  std::vector<std::vector<std::int64_t>> maps(out.size());
  for (std::size_t axis = 0; axis < out.size(); ++axis) {
    for (std::int64_t i = 0; i < out[axis]; ++i) {
      maps[axis].push_back(Source(mode, i - pads[axis], inputs[0].shape[axis]));
    }
  }
  DispatchAny(outputs[0].dtype, [&]<typename T>() {
    const bool given = inputs.size() > 2 && inputs[2].data != nullptr;
    GatherByMaps<T>(inputs[0], outputs[0], maps, given ? inputs[2].span<T>()[0] : T{});
  });
}

}  // namespace

BW_ENTRY(OpDef, pad) = {
    .name = "Pad", .role = OpRole::kMovement, .infer = Infer, .since = 19, .reference = Reference};

}  // namespace bw::ops
