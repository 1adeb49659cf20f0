#pragma once
// Pools of int8 images [N,H,W,C]: input and output have one scale; padding does not count.

#include "bitwright/graph/ops/tflite_layer.h"

namespace bw::ops::tflite {

inline Expected<std::vector<Window>> PoolWindows(const Node& node, const Shape& x) {
  return MakeWindows(node.attributes, Image(x), node.attributes.Ints("kernel_shape", {}),
                     Rounding::kFloor);
}

inline Expected<Types> PoolType(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckInt8(in, 0));
  BW_TRY(CheckImage(in, 0));
  BW_TRY(CheckAffine(in.node, "output", DType::kInt8));
  BW_TRY(CheckActivation(in.node));
  const Shape& x = in.types[0].shape;
  BW_ASSIGN(const auto windows, PoolWindows(in.node, x));
  for (const Window& w : windows) {
    if (w.pad_begin >= w.reach() || w.pad_end >= w.reach() || w.kernel > (1 << 11)) {
      return Fail(
          "a window of {} with pads {} and {}: windows must be longer than pads, up to 2^11",
          w.kernel, w.pad_begin, w.pad_end);
    }
  }
  return Types{{DType::kInt8, {x[0], windows[0].out, windows[1].out, x[3]}}};
}

// make() gives a fresh pool with Element(int32) and Result() for each output element.
template <typename Make>
void Pool(const Node& node, const ConstTensorRef& input, const TensorRef& output, Make make) {
  const Shape& shape = input.shape;
  const auto windows = PoolWindows(node, shape).value();
  const Window &rows = windows[0], &columns = windows[1];
  const CodeRange range = RangeOf(node);
  const auto x = input.span<std::int8_t>();
  std::size_t next = 0;
  const auto pool_one = [&](std::int64_t n, std::int64_t row, std::int64_t column,
                            std::int64_t channel) {
    auto pool = make();
    const std::int64_t top = row * rows.stride - rows.pad_begin;
    const std::int64_t left = column * columns.stride - columns.pad_begin;
    for (std::int64_t h = std::max<std::int64_t>(top, 0); h < std::min(top + rows.kernel, rows.in);
         ++h) {
      for (std::int64_t w = std::max<std::int64_t>(left, 0);
           w < std::min(left + columns.kernel, columns.in); ++w) {
        const std::int64_t at = ((n * rows.in + h) * columns.in + w) * shape[3] + channel;
        pool.Element(x[static_cast<std::size_t>(at)]);
      }
    }
    output.span<std::int8_t>()[next++] =
        static_cast<std::int8_t>(std::clamp(pool.Result(), range.low, range.high));
  };
  for (std::int64_t n = 0; n < shape[0]; ++n) {
    for (std::int64_t row = 0; row < rows.out; ++row) {
      for (std::int64_t column = 0; column < columns.out; ++column) {
        for (std::int64_t c = 0; c < shape[3]; ++c) pool_one(n, row, column, c);
      }
    }
  }
}

}  // namespace bw::ops::tflite
