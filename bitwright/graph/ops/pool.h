#pragma once
// Pooling over sliding windows.

#include "bitwright/graph/window.h"

namespace bw::ops {

inline Expected<std::vector<Window>> PoolWindows(const Node& node, const Shape& x) {
  const auto kernel = node.attributes.Ints("kernel_shape", {});
  const Rounding rounding =
      node.attributes.Int("ceil_mode", 0) != 0 ? Rounding::kCeil : Rounding::kFloor;
  return MakeWindows(node.attributes, std::span(x).subspan(2), kernel, rounding);
}

// The shape of the first output.
inline Expected<Shape> PoolShape(const InferInput& in) {
  const Shape& x = in.types[0].shape;
  if (x.size() < 3 || x.size() > 5) {
    return Fail("input is {}, it must have 3 to 5 axes: batch, channels, 1 to 3 spatial",
                ShapeText(x));
  }
  BW_ASSIGN(const auto windows, PoolWindows(in.node, x));
  Shape out = {x[0], x[1]};
  for (const Window& w : windows) {
    if (w.pad_begin >= w.reach() || w.pad_end >= w.reach()) {
      return Fail("pads are {} and {} for a window of {}, they must be smaller", w.pad_begin,
                  w.pad_end, w.reach());
    }
    out.push_back(w.out);
  }
  return out;
}

inline Expected<Types> PoolType(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckFloat(in, 0));
  BW_ASSIGN(Shape shape, PoolShape(in));
  return Types{{DType::kFloat32, std::move(shape)}};
}

// One output element: gives `pool` what lies under the window, within the padded input.
template <typename Pool>
void PoolOne(const std::array<Window, 3>& axes, const std::array<std::int64_t, 3>& out,
             const float* x, Pool& pool) {
  const auto& [d, h, w] = axes;
  for (std::int64_t kd = 0; kd < d.kernel; ++kd) {
    for (std::int64_t kh = 0; kh < h.kernel; ++kh) {
      for (std::int64_t kw = 0; kw < w.kernel; ++kw) {
        const std::int64_t id = out[0] * d.stride + kd * d.dilation - d.pad_begin;
        const std::int64_t ih = out[1] * h.stride + kh * h.dilation - h.pad_begin;
        const std::int64_t iw = out[2] * w.stride + kw * w.dilation - w.pad_begin;
        if (id >= d.in + d.pad_end || ih >= h.in + h.pad_end || iw >= w.in + w.pad_end) continue;
        const bool inside = id >= 0 && id < d.in && ih >= 0 && ih < h.in && iw >= 0 && iw < w.in;
        if (inside) {
          pool.Element(x[(id * h.in + ih) * w.in + iw]);
        } else {
          pool.Padding();
        }
      }
    }
  }
}

// make() gives a fresh pool with Element(float), Padding() and Result() for each output element.
template <typename Make>
void PoolAll(const Node& node, const ConstTensorRef& input, const TensorRef& output, Make make) {
  const Shape& shape = input.shape;
  const std::array<Window, 3> axes = ThreeAxes(PoolWindows(node, shape).value());
  const float* x = static_cast<const float*>(input.data);
  float* y = static_cast<float*>(output.data);
  for (std::int64_t image = 0; image < shape[0] * shape[1]; ++image) {
    for (std::int64_t od = 0; od < axes[0].out; ++od) {
      for (std::int64_t oh = 0; oh < axes[1].out; ++oh) {
        for (std::int64_t ow = 0; ow < axes[2].out; ++ow) {
          auto pool = make();
          PoolOne(axes, {od, oh, ow}, x, pool);
          *y++ = pool.Result();
        }
      }
    }
    x += axes[0].in * axes[1].in * axes[2].in;
  }
}

}  // namespace bw::ops
