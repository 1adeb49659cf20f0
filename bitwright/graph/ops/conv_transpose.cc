// Transposed convolution over 1 to 3 spatial axes. Weights are [input channels, filters per group,
// kernel...].

#include "bitwright/graph/window.h"

namespace bw::ops {
namespace {

std::span<const std::int64_t> Spatial(const Shape& shape) {
  return std::span<const std::int64_t>(shape).subspan(2);
}

Expected<void> CheckChannels(const InferInput& in, std::int64_t group) {
  const Shape& x = in.types[0].shape;
  const Shape& w = in.types[1].shape;
  if (group < 1 || x[1] % group != 0 || group > kMaxElements) {
    return Fail("group is {} but input has {} channels; channels must be a multiple of group",
                group, x[1]);
  }
  if (w[0] != x[1]) {
    return Fail("weights {} take {} channels but input {} has {}, they must agree", ShapeText(w),
                w[0], ShapeText(x), x[1]);
  }
  BW_TRY(CheckExtents({w[1], group}, "filters by groups"));
  if (in.has(2) && in.types[2].shape != Shape{w[1] * group}) {
    return Fail("bias is {}, {} filters in each of {} groups need [{}]",
                ShapeText(in.types[2].shape), w[1], group, w[1] * group);
  }
  return {};
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 3, 1}));
  for (std::size_t i = 0; i < in.node.inputs.size(); ++i) {
    if (in.has(i)) BW_TRY(CheckFloat(in, i));
  }
  const Shape& x = in.types[0].shape;
  const Shape& w = in.types[1].shape;
  if (x.size() < 3 || x.size() > 5 || w.size() != x.size()) {
    return Fail("input is {} and weights are {}, both must have the same 3 to 5 axes", ShapeText(x),
                ShapeText(w));
  }
  const Shape kernel(w.begin() + 2, w.end());
  const auto declared = in.node.attributes.Ints("kernel_shape", kernel);
  if (declared != kernel) {
    return Fail("kernel_shape is [{}] but weights are {}, they must agree",
                fmt::join(declared, ","), ShapeText(w));
  }
  const std::int64_t group = in.node.attributes.Int("group", 1);
  BW_TRY(CheckChannels(in, group));
  BW_ASSIGN(const auto windows, MakeTransposedWindows(in.node.attributes, Spatial(x), Spatial(w)));
  Shape out = {x[0], w[1] * group};
  for (const Window& window : windows) out.push_back(window.out);
  return Types{{DType::kFloat32, std::move(out)}};
}

// One output channel of one sample: the input channels of its group at x, its filter in their
// weights at w.
struct Filter {
  const float* x;
  const float* w;
  std::int64_t channels, weight_step;  // from one input channel's weights to the next
  std::array<Window, 3> axes;
};

// The input that tap k of this axis brings to output o; negative: none.
std::int64_t Source(const Window& axis, std::int64_t o, std::int64_t k) {
  const std::int64_t at = o + axis.pad_begin - k * axis.dilation;
  if (at < 0 || at % axis.stride != 0 || at / axis.stride >= axis.in) return -1;
  return at / axis.stride;
}

double Tap(const Filter& f, const std::array<std::int64_t, 3>& out) {
  const auto& [d, h, w] = f.axes;
  double sum = 0;
  for (std::int64_t c = 0; c < f.channels; ++c) {
    const float* x = f.x + c * d.in * h.in * w.in;
    const float* weight = f.w + c * f.weight_step;
    for (std::int64_t kd = 0; kd < d.kernel; ++kd) {
      const std::int64_t id = Source(d, out[0], kd);
      for (std::int64_t kh = 0; kh < h.kernel; ++kh) {
        const std::int64_t ih = Source(h, out[1], kh);
        for (std::int64_t kw = 0; kw < w.kernel; ++kw, ++weight) {
          const std::int64_t iw = Source(w, out[2], kw);
          if (id < 0 || ih < 0 || iw < 0) continue;
          sum +=
              static_cast<double>(x[(id * h.in + ih) * w.in + iw]) * static_cast<double>(*weight);
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
  const auto windows = MakeTransposedWindows(node.attributes, Spatial(x), Spatial(w)).value();
  const std::int64_t group = node.attributes.Int("group", 1), channels = x[1] / group;
  const std::int64_t taps = Product(w, 2, w.size()), image = Product(x, 2, x.size());
  const float* bias = inputs.size() > 2 ? static_cast<const float*>(inputs[2].data) : nullptr;
  float* y = static_cast<float*>(outputs[0].data);
  for (std::int64_t n = 0; n < x[0]; ++n) {
    for (std::int64_t m = 0; m < w[1] * group; ++m) {
      const std::int64_t first = m / w[1] * channels;
      const Filter filter{
          static_cast<const float*>(inputs[0].data) + (n * x[1] + first) * image,
          static_cast<const float*>(inputs[1].data) + (first * w[1] + m % w[1]) * taps, channels,
          w[1] * taps, ThreeAxes(windows)};
      y = OneChannel(filter, bias == nullptr ? 0.0 : static_cast<double>(bias[m]), y);
    }
  }
}

WeightAxes Axes(const Node&, const Shape&) { return {1, 0}; }

// Each input element meets every weight of its channel.
std::int64_t Macs(const Node&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  return ElementCount(inputs[0].shape) * Product(inputs[1].shape, 1, inputs[1].shape.size());
}

}  // namespace

BW_ENTRY(OpDef, conv_transpose) = {.name = "ConvTranspose",
                                   .role = OpRole::kCompute,
                                   .infer = Infer,
                                   .reference = Reference,
                                   .weight_input = 1,
                                   .weight_axes = Axes,
                                   .macs = Macs};

}  // namespace bw::ops
