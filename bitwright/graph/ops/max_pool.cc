// The greatest element under the window; NaN wins. Output 1 is its place in the whole input,
// counted column by column with storage_order 1.

#include <limits>

#include "bitwright/graph/iterate.h"
#include "bitwright/graph/ops/pool.h"

namespace bw::ops {
namespace {

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 2}));
  constexpr DType kAllowed[] = {DType::kFloat32, DType::kUint8, DType::kInt8};
  BW_TRY(CheckDType(in, 0, kAllowed));
  BW_ASSIGN(Shape shape, PoolShape(in));
  Types types = {{in.types[0].dtype, shape}, {DType::kInt64, shape}};
  types.resize(in.node.outputs.size());
  return types;
}

// The place of the greatest element under one window of an image; -1 when only padding is there.
template <typename T>
std::int64_t Greatest(const std::array<Window, 3>& axes, const std::array<std::int64_t, 3>& out,
                      const T* x) {
  const auto& [d, h, w] = axes;
  std::int64_t best = -1;
  for (std::int64_t k = 0; k < d.kernel * h.kernel * w.kernel; ++k) {
    const std::int64_t kd = k / (h.kernel * w.kernel), kh = k / w.kernel % h.kernel;
    const std::int64_t id = out[0] * d.stride + kd * d.dilation - d.pad_begin;
    const std::int64_t ih = out[1] * h.stride + kh * h.dilation - h.pad_begin;
    const std::int64_t iw = out[2] * w.stride + k % w.kernel * w.dilation - w.pad_begin;
    if (id < 0 || id >= d.in || ih < 0 || ih >= h.in || iw < 0 || iw >= w.in) continue;
    const std::int64_t at = (id * h.in + ih) * w.in + iw;
    if (best < 0 || x[at] > x[best] || (x[at] != x[at] && x[best] == x[best])) best = at;
  }
  return best;
}

template <typename T>
void Pool(const Node& node, const ConstTensorRef& input, std::span<const TensorRef> outputs) {
  const std::array<Window, 3> axes = ThreeAxes(PoolWindows(node, input.shape).value());
  const auto& [d, h, w] = axes;
  const std::int64_t image = d.in * h.in * w.in, points = d.out * h.out * w.out;
  const bool columns = node.attributes.Int("storage_order", 0) != 0;
  const T* x = input.span<T>().data();
  for (std::int64_t o = 0; o < outputs[0].size(); ++o) {
    const std::int64_t point = o % points, from = o / points * image;
    const std::array place = {point / (h.out * w.out), point / w.out % h.out, point % w.out};
    const std::int64_t best = Greatest(axes, place, x + from);
    const T lowest = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                          : std::numeric_limits<T>::lowest();
    const auto to = static_cast<std::size_t>(o);
    if (outputs[0].data != nullptr) outputs[0].span<T>()[to] = best < 0 ? lowest : x[from + best];
    if (outputs.size() < 2 || outputs[1].data == nullptr) continue;
    const std::int64_t row = best / w.in % h.in, column = best % w.in;
    const std::int64_t slice = best / (h.in * w.in) * h.in * w.in;
    const std::int64_t turned = slice + column * h.in + row;
    outputs[1].span<std::int64_t>()[to] = from + (columns ? turned : best);
  }
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchNumeric(inputs[0].dtype, [&]<typename T>() { Pool<T>(node, inputs[0], outputs); });
}

}  // namespace

BW_ENTRY(OpDef, max_pool) = {
    .name = "MaxPool", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
