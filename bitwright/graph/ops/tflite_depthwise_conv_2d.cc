// Convolution of each channel of int8 images [N,H,W,C] with filters of its own, [1,h,w,C*m]: output
// channel c*m + k is that of input channel c. Attributes strides, dilations, pads as Conv's.

#include "bitwright/graph/ops/tflite_layer.h"

namespace bw::ops {
namespace {

using tflite::Requantizer;

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(tflite::CheckImage(in, 0));
  BW_TRY(tflite::CheckImage(in, 1));
  const Shape& x = in.types[0].shape;
  const Shape& w = in.types[1].shape;
  BW_TRY(tflite::CheckLayer(in, w[3], w[1] * w[2]));
  if (w[0] != 1 || x[3] < 1 || w[3] % x[3] != 0) {
    return Fail("filters {} do not fit input {}: [1,h,w,a multiple of its channels] is needed",
                ShapeText(w), ShapeText(x));
  }
  BW_ASSIGN(const auto windows,
            MakeWindows(in.node.attributes, tflite::Image(x), tflite::Image(w), Rounding::kFloor));
  return Types{{DType::kInt8, {x[0], windows[0].out, windows[1].out, w[3]}}};
}

// Adds the products of one tap to the sums of all output channels.
void AddTap(const std::int8_t* x, const std::int8_t* w, std::int32_t zero, std::int64_t multiple,
            std::span<std::int32_t> sums) {
  if (multiple == 1) {
    for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += (x[c] - zero) * w[c];
    return;
  }
  for (std::size_t c = 0; c < sums.size(); ++c) {
    sums[c] += (x[static_cast<std::int64_t>(c) / multiple] - zero) * w[c];
  }
}

struct Taps {
  Window rows, columns;
  std::int64_t channels, outputs;
  std::int32_t zero;
};

void SumAll(const Taps& t, const std::int8_t* x, const std::int8_t* w, std::int64_t row,
            std::int64_t column, std::span<std::int32_t> sums) {
  std::fill(sums.begin(), sums.end(), 0);
  for (std::int64_t kh = 0; kh < t.rows.kernel; ++kh) {
    const std::int64_t h = row * t.rows.stride + kh * t.rows.dilation - t.rows.pad_begin;
    if (h < 0 || h >= t.rows.in) continue;
    for (std::int64_t kw = 0; kw < t.columns.kernel; ++kw) {
      const std::int64_t v =
          column * t.columns.stride + kw * t.columns.dilation - t.columns.pad_begin;
      if (v < 0 || v >= t.columns.in) continue;
      AddTap(x + (h * t.columns.in + v) * t.channels, w + (kh * t.columns.kernel + kw) * t.outputs,
             t.zero, t.outputs / t.channels, sums);
    }
  }
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& x = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  const auto windows =
      MakeWindows(node.attributes, tflite::Image(x), tflite::Image(w), Rounding::kFloor).value();
  const Requantizer to_code(node, w[3], tflite::BiasOf(inputs), Requantizer::Product::kDouble);
  const Taps taps{windows[0], windows[1], x[3], w[3], tflite::AffineOf(node, "input").zero};
  std::vector<std::int32_t> sums(static_cast<std::size_t>(w[3]));
  const std::int8_t* image = inputs[0].span<std::int8_t>().data();
  const std::int8_t* filters = inputs[1].span<std::int8_t>().data();
  std::int8_t* y = outputs[0].span<std::int8_t>().data();
  for (std::int64_t n = 0; n < x[0]; ++n, image += Product(x, 1, 4)) {
    for (std::int64_t row = 0; row < windows[0].out; ++row) {
      for (std::int64_t column = 0; column < windows[1].out; ++column) {
        SumAll(taps, image, filters, row, column, sums);
        for (std::int64_t c = 0; c < w[3]; ++c) {
          *y++ = to_code(c, sums[static_cast<std::size_t>(c)]);
        }
      }
    }
  }
}

std::int64_t Macs(const Node&, std::span<const TensorType> inputs,
                  std::span<const TensorType> outputs) {
  return ElementCount(outputs[0].shape) * Product(inputs[1].shape, 1, 3);
}

}  // namespace

BW_ENTRY(OpDef, tflite_depthwise_conv_2d) = {.name = "TfliteDepthwiseConv2D",
                                             .domain = kOwnDomain,
                                             .infer = Infer,
                                             .reference = Reference,
                                             .macs = Macs};

}  // namespace bw::ops
