// y = alpha * A' * B' + beta * C on matrices; C broadcasts to the result.

#include "bitwright/graph/checks.h"
#include "bitwright/graph/iterate.h"

namespace bw::ops {
namespace {

struct Sizes {
  std::int64_t m, k, n;
  bool trans_a, trans_b;
};

Expected<Sizes> MakeSizes(const Node& node, const Shape& a, const Shape& b) {
  if (a.size() != 2 || b.size() != 2) {
    return Fail("inputs are {} and {}, both must be matrices", ShapeText(a), ShapeText(b));
  }
  const bool trans_a = node.attributes.Int("transA", 0) != 0;
  const bool trans_b = node.attributes.Int("transB", 0) != 0;
  const std::int64_t k = a[trans_a ? 0 : 1];
  if (b[trans_b ? 1 : 0] != k) {
    return Fail("inputs {} (transA={}) and {} (transB={}) do not multiply: inner extents {} and {}",
                ShapeText(a), trans_a ? 1 : 0, ShapeText(b), trans_b ? 1 : 0, k,
                b[trans_b ? 1 : 0]);
  }
  return Sizes{a[trans_a ? 1 : 0], k, b[trans_b ? 0 : 1], trans_a, trans_b};
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 3, 1}));
  for (std::size_t i = 0; i < in.node.inputs.size(); ++i) {
    if (in.has(i)) BW_TRY(CheckFloat(in, i));
  }
  BW_ASSIGN(const Sizes sizes, MakeSizes(in.node, in.types[0].shape, in.types[1].shape));
  Shape out = {sizes.m, sizes.n};
  if (in.has(2) && !BroadcastsTo(in.types[2].shape, out)) {
    return Fail("input 2 (C) is {}, it must broadcast to {}", ShapeText(in.types[2].shape),
                ShapeText(out));
  }
  return Types{{DType::kFloat32, std::move(out)}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Sizes s = MakeSizes(node, inputs[0].shape, inputs[1].shape).value();
  const auto a = inputs[0].span<float>();
  const auto b = inputs[1].span<float>();
  const auto y = outputs[0].span<float>();
  const bool has_c = inputs.size() > 2 && inputs[2].data != nullptr;
  const auto c = has_c ? inputs[2].span<float>() : std::span<const float>();
  const auto c_strides =
      has_c ? BroadcastStrides(inputs[2].shape, outputs[0].shape) : std::vector<std::int64_t>{0, 0};
  const auto alpha = static_cast<double>(node.attributes.Float("alpha", 1));
  const auto beta = static_cast<double>(node.attributes.Float("beta", 1));
  for (std::int64_t m = 0; m < s.m; ++m) {
    for (std::int64_t n = 0; n < s.n; ++n) {
      double sum = 0;
      for (std::int64_t k = 0; k < s.k; ++k) {
        const float left = a[static_cast<std::size_t>(s.trans_a ? k * s.m + m : m * s.k + k)];
        const float right = b[static_cast<std::size_t>(s.trans_b ? n * s.k + k : k * s.n + n)];
        sum += static_cast<double>(left) * static_cast<double>(right);
      }
      sum *= alpha;
      if (has_c) {
        const std::int64_t at = m * c_strides[0] + n * c_strides[1];
        sum += beta * static_cast<double>(c[static_cast<std::size_t>(at)]);
      }
      y[static_cast<std::size_t>(m * s.n + n)] = static_cast<float>(sum);
    }
  }
}

WeightAxes Axes(const Node& node, const Shape&) {
  return node.attributes.Int("transB", 0) != 0 ? WeightAxes{0, -1} : WeightAxes{1, 0};
}

std::int64_t Macs(const Node& node, std::span<const TensorType> inputs,
                  std::span<const TensorType> outputs) {
  return ElementCount(outputs[0].shape) *
         inputs[0].shape[node.attributes.Int("transA", 0) != 0 ? 0 : 1];
}

}  // namespace

BW_ENTRY(OpDef, gemm) = {.name = "Gemm",
                         .role = OpRole::kCompute,
                         .infer = Infer,
                         .reference = Reference,
                         .weight_input = 1,
                         .weight_axes = Axes,
                         .macs = Macs};

}  // namespace bw::ops
