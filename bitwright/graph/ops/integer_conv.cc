// Convolution of integers, exact: inputs x [N, H, W, C] on an integer grid with attribute `offset`,
// weights [O, C/group, kh, kw] int8 or int32, multiplier [O], bias [O] float32; docs/numerics.md,
// "Layers of integers". x - offset lies in [input_low, input_high] and has input_significand bits
// (attributes). With attribute spec the result goes through min(max(y, low), high) to that integer
// grid, as its integers [N, H, W, C]; else it is y [N, C, H, W], or with attribute channels_last
// y [N, H, W, C].

#include <algorithm>

#include "bitwright/graph/integer_grid.h"
#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/graph/window.h"

namespace bw::ops {
namespace {

Expected<std::vector<Window>> Windows(const Node& node, const Shape& x, const Shape& w) {
  const std::int64_t in[] = {x[1], x[2]}, kernel[] = {w[2], w[3]};
  return MakeWindows(node.attributes, in, kernel, Rounding::kFloor);
}

Expected<void> CheckShapes(const InferInput& in) {
  const Shape &x = in.types[0].shape, &w = in.types[1].shape;
  const std::int64_t group = in.node.attributes.Int("group", 1);
  const DType input = in.types[0].dtype, weights = in.types[1].dtype;
  const bool stored = input == DType::kUint8 || input == DType::kInt8 || input == DType::kInt32;
  const bool integers = weights == DType::kInt8 || weights == DType::kInt32;
  if (!stored || !integers || x.size() != 4 || w.size() != 4) {
    return Fail("inputs are {} {} and {} {}, integers of four axes are needed",
                DTypeName(in.types[0].dtype), ShapeText(x), DTypeName(in.types[1].dtype),
                ShapeText(w));
  }
  if (group < 1 || x[3] != w[1] * group || w[0] % group != 0) {
    return Fail("weights {} do not fit {} channels in {} groups", ShapeText(w), x[3], group);
  }
  for (const std::size_t i : {std::size_t{2}, std::size_t{3}}) {
    BW_TRY(CheckFloat(in, i));
    if (in.types[i].shape != Shape{w[0]})
      return Fail("input {} is {}, [{}] is needed", i, ShapeText(in.types[i].shape), w[0]);
  }
  return {};
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {4, 4, 1}));
  BW_TRY(CheckShapes(in));
  const Shape &x = in.types[0].shape, &w = in.types[1].shape;
  BW_ASSIGN(const auto windows, Windows(in.node, x, w));
  const Shape out = {x[0], w[0], windows[0].out, windows[1].out};
  if (!in.node.attributes.Has("spec")) {
    const bool last = OrderOf(in.node) == Order::kLast;
    return Types{{DType::kFloat32, last ? ChannelsLast(out) : out}};
  }
  const auto grid = FindIntegerGrid(in.node.attributes);
  if (!grid)
    return Fail("spec is '{}', integers of at most 20 bits times a unit are needed",
                in.node.attributes.String("spec", ""));
  return Types{{grid->dtype, ChannelsLast(out)}};
}

// One output element's sum.
template <typename T, typename W>
std::int64_t Sum(std::span<const T> x, const Shape& xs, std::span<const W> w, const Shape& ws,
                 std::span<const Window> windows, std::int64_t n, std::int64_t o, std::int64_t oh,
                 std::int64_t ow, std::int64_t group, std::int64_t offset) {
  const std::int64_t first = o / (ws[0] / group) * ws[1];
  std::int64_t sum = 0;
  for (std::int64_t kh = 0; kh < ws[2]; ++kh) {
    const std::int64_t ih =
        oh * windows[0].stride + kh * windows[0].dilation - windows[0].pad_begin;
    if (ih < 0 || ih >= xs[1]) continue;
    for (std::int64_t kw = 0; kw < ws[3]; ++kw) {
      const std::int64_t iw =
          ow * windows[1].stride + kw * windows[1].dilation - windows[1].pad_begin;
      if (iw < 0 || iw >= xs[2]) continue;
      const std::int64_t place = ((n * xs[1] + ih) * xs[2] + iw) * xs[3] + first;
      for (std::int64_t c = 0; c < ws[1]; ++c) {
        const std::int64_t weight =
            w[static_cast<std::size_t>(((o * ws[1] + c) * ws[2] + kh) * ws[3] + kw)];
        sum +=
            weight * (static_cast<std::int64_t>(x[static_cast<std::size_t>(place + c)]) - offset);
      }
    }
  }
  return sum;
}

// y = float(float(sum) * multiplier) + bias, each step rounded to float32.
float Affine(std::int64_t sum, float multiplier, float bias) {
  const float product = static_cast<float>(sum) * multiplier;
  return product + bias;
}

void Put(const Node& node, TensorRef y, std::size_t first, std::size_t last, float value) {
  if (y.dtype == DType::kFloat32) {
    y.span<float>()[OrderOf(node) == Order::kLast ? last : first] = value;
    return;
  }
  const float low = node.attributes.Float("low", -std::numeric_limits<float>::infinity());
  const float high = node.attributes.Float("high", std::numeric_limits<float>::infinity());
  const std::int32_t stored =
      StoreOnGrid(std::min(std::max(value, low), high), FindIntegerGrid(node.attributes).value());
  DispatchStored(y.dtype, [&]<typename T>() { y.span<T>()[last] = static_cast<T>(stored); });
}

template <typename T, typename W>
void Convolve(const Node& node, std::span<const ConstTensorRef> in, TensorRef y) {
  const Shape &xs = in[0].shape, &ws = in[1].shape;
  const std::vector<Window> windows = Windows(node, xs, ws).value();
  const std::int64_t group = node.attributes.Int("group", 1),
                     offset = node.attributes.Int("offset", 0);
  const Shape out = {xs[0], ws[0], windows[0].out, windows[1].out};
  ForEachPlace(out, [&](std::size_t first, std::size_t last) {
    const auto at = static_cast<std::int64_t>(first);
    const std::int64_t ow = at % out[3], oh = at / out[3] % out[2];
    const std::int64_t o = at / (out[3] * out[2]) % out[1], n = at / (out[3] * out[2] * out[1]);
    const std::int64_t sum =
        Sum<T, W>(in[0].span<T>(), xs, in[1].span<W>(), ws, windows, n, o, oh, ow, group, offset);
    const auto c = static_cast<std::size_t>(o);
    Put(node, y, first, last, Affine(sum, in[2].span<float>()[c], in[3].span<float>()[c]));
  });
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  DispatchStored(inputs[0].dtype, [&]<typename T>() {
    if (inputs[1].dtype == DType::kInt8)
      Convolve<T, std::int8_t>(node, inputs, outputs[0]);
    else
      Convolve<T, std::int32_t>(node, inputs, outputs[0]);
  });
}

}  // namespace

BW_ENTRY(OpDef, integer_conv) = {.name = "IntegerConv",
                                 .domain = kOwnDomain,
                                 .role = OpRole::kCompute,
                                 .infer = Infer,
                                 .reference = Reference,
                                 .macs = ConvolutionMacs};

}  // namespace bw::ops
