// numpy matmul: leading axes broadcast; a vector is a row on the left and a column on the right.

#include "bitwright/graph/checks.h"
#include "bitwright/graph/iterate.h"

namespace bw::ops {
namespace {

// Both operands as stacks of matrices.
struct Operands {
  Shape a, b;   // [..., m, k] and [..., k, n]
  Shape stack;  // broadcast leading axes
  Shape out;    // as the op gives it
};

Expected<Operands> MakeOperands(const Shape& a, const Shape& b) {
  if (a.empty() || b.empty()) {
    return Fail("inputs are {} and {}, neither may be a scalar", ShapeText(a), ShapeText(b));
  }
  Operands o{a, b, {}, {}};
  if (a.size() == 1) o.a.insert(o.a.begin(), 1);
  if (b.size() == 1) o.b.push_back(1);
  const std::int64_t k = o.a.back(), inner = o.b[o.b.size() - 2];
  if (k != inner) {
    return Fail("inputs {} and {} do not multiply: inner extents {} and {} must agree",
                ShapeText(a), ShapeText(b), k, inner);
  }
  BW_ASSIGN(o.stack,
            Broadcast(Shape(o.a.begin(), o.a.end() - 2), Shape(o.b.begin(), o.b.end() - 2)));
  o.out = o.stack;
  if (a.size() > 1) o.out.push_back(o.a[o.a.size() - 2]);
  if (b.size() > 1) o.out.push_back(o.b.back());
  return o;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 2, 1}));
  BW_TRY(CheckFloat(in, 0));
  BW_TRY(CheckFloat(in, 1));
  BW_ASSIGN(Operands o, MakeOperands(in.types[0].shape, in.types[1].shape));
  return Types{{DType::kFloat32, std::move(o.out)}};
}

struct Extents {
  std::int64_t m, k, n;
};

void Multiply(const float* a, const float* b, float* y, const Extents& e) {
  for (std::int64_t m = 0; m < e.m; ++m) {
    for (std::int64_t n = 0; n < e.n; ++n) {
      double sum = 0;
      for (std::int64_t k = 0; k < e.k; ++k) {
        sum += static_cast<double>(a[m * e.k + k]) * static_cast<double>(b[k * e.n + n]);
      }
      y[m * e.n + n] = static_cast<float>(sum);
    }
  }
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Operands o = MakeOperands(inputs[0].shape, inputs[1].shape).value();
  const Extents e{o.a[o.a.size() - 2], o.a.back(), o.b.back()};
  const auto* a = static_cast<const float*>(inputs[0].data);
  const auto* b = static_cast<const float*>(inputs[1].data);
  auto* y = static_cast<float*>(outputs[0].data);
  const std::array strides = {BroadcastStrides(Shape(o.a.begin(), o.a.end() - 2), o.stack),
                              BroadcastStrides(Shape(o.b.begin(), o.b.end() - 2), o.stack)};
  ForEach(o.stack, strides, [&](std::size_t i, const std::array<std::int64_t, 2>& at) {
    Multiply(a + at[0] * e.m * e.k, b + at[1] * e.k * e.n,
             y + static_cast<std::int64_t>(i) * e.m * e.n, e);
  });
}

WeightAxes Axes(const Node&, const Shape& weight) {
  const int rank = static_cast<int>(weight.size());
  return rank < 2 ? WeightAxes{0, 0} : WeightAxes{rank - 1, rank - 2};
}

std::int64_t Macs(const Node&, std::span<const TensorType> inputs,
                  std::span<const TensorType> outputs) {
  return ElementCount(outputs[0].shape) * inputs[0].shape.back();
}

}  // namespace

BW_ENTRY(OpDef, mat_mul) = {.name = "MatMul",
                            .role = OpRole::kCompute,
                            .infer = Infer,
                            .reference = Reference,
                            .weight_input = 1,
                            .weight_axes = Axes,
                            .macs = Macs};

}  // namespace bw::ops
