// Convolution of int8 images [N,H,W,C] with int8 filters [O,h,w,C]; attributes strides, dilations,
// pads as Conv's.

#include "bitwright/graph/ops/tflite_layer.h"

namespace bw::ops {
namespace {

using tflite::Requantizer;

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(tflite::CheckImage(in, 0));
  BW_TRY(tflite::CheckImage(in, 1));
  const Shape& x = in.types[0].shape;
  const Shape& w = in.types[1].shape;
  BW_TRY(tflite::CheckLayer(in, w[0], Product(w, 1, 4)));
  if (x[3] != w[3]) {
    return Fail("filters {} take {} channels but input {} has {}, they must agree", ShapeText(w),
                w[3], ShapeText(x), x[3]);
  }
  BW_ASSIGN(const auto windows,
            MakeWindows(in.node.attributes, tflite::Image(x), tflite::Image(w), Rounding::kFloor));
  return Types{{DType::kInt8, {x[0], windows[0].out, windows[1].out, w[0]}}};
}

// What lies under the windows of one sample.
struct Sample {
  const std::int8_t* x;
  const std::int8_t* w;
  std::int64_t channels;
  std::int32_t zero;
  Window rows, columns;
};

std::int32_t Dot(const std::int8_t* x, const std::int8_t* w, std::int64_t n, std::int32_t zero) {
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += (x[i] - zero) * w[i];
  return sum;
}

std::int32_t Sum(const Sample& s, std::int64_t row, std::int64_t column, std::int64_t filter) {
  std::int32_t sum = 0;
  for (std::int64_t kh = 0; kh < s.rows.kernel; ++kh) {
    const std::int64_t h = row * s.rows.stride + kh * s.rows.dilation - s.rows.pad_begin;
    if (h < 0 || h >= s.rows.in) continue;
    for (std::int64_t kw = 0; kw < s.columns.kernel; ++kw) {
      const std::int64_t w =
          column * s.columns.stride + kw * s.columns.dilation - s.columns.pad_begin;
      if (w < 0 || w >= s.columns.in) continue;
      const std::int64_t tap = (filter * s.rows.kernel + kh) * s.columns.kernel + kw;
      sum += Dot(s.x + (h * s.columns.in + w) * s.channels, s.w + tap * s.channels, s.channels,
                 s.zero);
    }
  }
  return sum;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& x = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  const auto windows =
      MakeWindows(node.attributes, tflite::Image(x), tflite::Image(w), Rounding::kFloor).value();
  const Requantizer to_code(node, w[0], tflite::BiasOf(inputs), Requantizer::Product::kDouble);
  Sample sample{inputs[0].span<std::int8_t>().data(),
                inputs[1].span<std::int8_t>().data(),
                x[3],
                tflite::AffineOf(node, "input").zero,
                windows[0],
                windows[1]};
  std::int8_t* y = outputs[0].span<std::int8_t>().data();
  for (std::int64_t n = 0; n < x[0]; ++n) {
    for (std::int64_t row = 0; row < windows[0].out; ++row) {
      for (std::int64_t column = 0; column < windows[1].out; ++column) {
        for (std::int64_t o = 0; o < w[0]; ++o) *y++ = to_code(o, Sum(sample, row, column, o));
      }
    }
    sample.x += Product(x, 1, 4);
  }
}

std::int64_t Macs(const Node&, std::span<const TensorType> inputs,
                  std::span<const TensorType> outputs) {
  return ElementCount(outputs[0].shape) * Product(inputs[1].shape, 1, 4);
}

}  // namespace

BW_ENTRY(OpDef, tflite_conv_2d) = {.name = "TfliteConv2D",
                                   .domain = kOwnDomain,
                                   .infer = Infer,
                                   .reference = Reference,
                                   .macs = Macs};

}  // namespace bw::ops
