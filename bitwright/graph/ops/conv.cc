// Convolution over 1 to 3 spatial axes, with groups, strides, dilation and padding.

#include "bitwright/graph/window.h"

namespace bw::ops {
namespace {

std::span<const std::int64_t> Spatial(const Shape& shape) {
  return std::span<const std::int64_t>(shape).subspan(2);
}

Expected<void> CheckChannels(const InferInput& in, std::int64_t group) {
  const Shape& x = in.types[0].shape;
  const Shape& w = in.types[1].shape;
  if (group < 1 || x[1] % group != 0) {
    return Fail("group is {} but input has {} channels; channels must be a multiple of group",
                group, x[1]);
  }
  if (w[1] != x[1] / group) {
    return Fail("weights {} take {} channels but input {} has {} in each of {} groups",
                ShapeText(w), w[1], ShapeText(x), x[1] / group, group);
  }
  if (w[0] < 1 || w[0] % group != 0) {
    return Fail("group is {} but weights have {} filters; filters must be a multiple of group",
                group, w[0]);
  }
  if (in.has(2) && in.types[2].shape != Shape{w[0]}) {
    return Fail("bias is {}, weights with {} filters need [{}]", ShapeText(in.types[2].shape), w[0],
                w[0]);
  }
  return {};
}

Expected<void> CheckInputs(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 3, 1}));
  for (std::size_t i = 0; i < in.node.inputs.size(); ++i) {
    if (in.has(i)) BW_TRY(CheckFloat(in, i));
  }
  const Shape& x = in.types[0].shape;
  const Shape& w = in.types[1].shape;
  if (x.size() < 3 || x.size() > 5) {
    return Fail("input is {}, it must have 3 to 5 axes: batch, channels, 1 to 3 spatial",
                ShapeText(x));
  }
  if (w.size() != x.size()) {
    return Fail("weights are {} but input is {}, they must have the same rank", ShapeText(w),
                ShapeText(x));
  }
  const Shape kernel(w.begin() + 2, w.end());
  const auto declared = in.node.attributes.Ints("kernel_shape", kernel);
  if (declared != kernel) {
    return Fail("kernel_shape is [{}] but weights are {}, they must agree",
                fmt::join(declared, ","), ShapeText(w));
  }
  return CheckChannels(in, in.node.attributes.Int("group", 1));
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckInputs(in));
  const Shape& x = in.types[0].shape;
  const Shape& w = in.types[1].shape;
  BW_ASSIGN(const auto windows,
            MakeWindows(in.node.attributes, Spatial(x), Spatial(w), Rounding::kFloor));
  Shape out = {x[0], w[0]};
  for (const Window& window : windows) out.push_back(window.out);
  return Types{{DType::kFloat32, std::move(out)}};
}

// One group of one sample: input channels at x, the filter of one output channel at w.
struct Filter {
  const float* x;
  const float* w;
  std::int64_t channels;
  std::array<Window, 3> axes;
};

double Tap(const Filter& f, const std::array<std::int64_t, 3>& out) {
  const auto& [d, h, w] = f.axes;
  const std::int64_t image = d.in * h.in * w.in, taps = d.kernel * h.kernel * w.kernel;
  double sum = 0;
  for (std::int64_t c = 0; c < f.channels; ++c) {
    for (std::int64_t kd = 0; kd < d.kernel; ++kd) {
      const std::int64_t id = out[0] * d.stride + kd * d.dilation - d.pad_begin;
      if (id < 0 || id >= d.in) continue;
      for (std::int64_t kh = 0; kh < h.kernel; ++kh) {
        const std::int64_t ih = out[1] * h.stride + kh * h.dilation - h.pad_begin;
        if (ih < 0 || ih >= h.in) continue;
        const float* row = f.x + c * image + (id * h.in + ih) * w.in;
        const float* weights = f.w + c * taps + (kd * h.kernel + kh) * w.kernel;
        for (std::int64_t kw = 0; kw < w.kernel; ++kw) {
          const std::int64_t iw = out[2] * w.stride + kw * w.dilation - w.pad_begin;
          if (iw < 0 || iw >= w.in) continue;
          sum += static_cast<double>(row[iw]) * static_cast<double>(weights[kw]);
        }
      }
    }
  }
  return sum;
}

float* OneChannel(const Filter& filter, double bias, float* y) {
  const auto& axes = filter.axes;
  for (std::int64_t od = 0; od < axes[0].out; ++od) {
    for (std::int64_t oh = 0; oh < axes[1].out; ++oh) {
      for (std::int64_t ow = 0; ow < axes[2].out; ++ow) {
        *y++ = static_cast<float>(bias + Tap(filter, {od, oh, ow}));
      }
    }
  }
  return y;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& x = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  const auto windows =
      MakeWindows(node.attributes, Spatial(x), Spatial(w), Rounding::kFloor).value();
  const std::int64_t filters = w[0] / node.attributes.Int("group", 1);
  const float* bias = inputs.size() > 2 ? static_cast<const float*>(inputs[2].data) : nullptr;
  const std::int64_t image = Product(x, 2, x.size());
  float* y = static_cast<float*>(outputs[0].data);
  for (std::int64_t n = 0; n < x[0]; ++n) {
    for (std::int64_t m = 0; m < w[0]; ++m) {
      const std::int64_t first = n * x[1] + m / filters * w[1];
      const Filter filter{static_cast<const float*>(inputs[0].data) + first * image,
                          static_cast<const float*>(inputs[1].data) + m * Product(w, 1, w.size()),
                          w[1], ThreeAxes(windows)};
      y = OneChannel(filter, bias == nullptr ? 0.0 : static_cast<double>(bias[m]), y);
    }
  }
}

WeightAxes Axes(const Node&, const Shape&) { return {0, -1}; }

}  // namespace

BW_ENTRY(OpDef, conv) = {.name = "Conv",
                         .role = OpRole::kCompute,
                         .infer = Infer,
                         .reference = Reference,
                         .weight_input = 1,
                         .weight_axes = Axes,
                         .macs = ConvolutionMacs};

}  // namespace bw::ops
