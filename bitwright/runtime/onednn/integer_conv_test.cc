// IntegerConv against the law: every kernel that rounds its sums in registers, and what they leave.

#include "bitwright/graph/integer_grid.h"
#include "bitwright/runtime/onednn/against_reference.h"

namespace bw::kernels {
namespace {

struct Layer {
  Shape image;    // [N, H, W, C]
  Shape weights;  // [O, I/group, kh, kw]
  std::int64_t group = 1, stride = 1, pad = 0;
  DType dtype = DType::kUint8;
  std::int32_t offset = 0;
  std::string spec = {};  // of the output; empty: floats
  std::int64_t zero = 0;
  bool last = true;
  bool clips = false;
};

template <typename T>
Tensor RandomBytes(DType dtype, const Shape& shape, std::uint64_t seed, int low, int high) {
  Tensor tensor(dtype, shape);
  Rng rng(seed);
  for (T& x : tensor.span<T>()) x = static_cast<T>(std::floor(rng.Uniform(low, high + 1)));
  return tensor;
}

Attributes AttributesOf(const Layer& layer) {
  Attributes attributes;
  const bool is_signed = layer.dtype == DType::kInt8;
  attributes.Set("group", layer.group);
  attributes.Set("strides", std::vector<std::int64_t>(2, layer.stride));
  attributes.Set("pads", std::vector<std::int64_t>(4, layer.pad));
  attributes.Set("offset", std::int64_t{layer.offset});
  attributes.Set("input_low", std::int64_t{(is_signed ? -128 : 0) - layer.offset});
  attributes.Set("input_high", std::int64_t{(is_signed ? 127 : 255) - layer.offset});
  attributes.Set("input_significand", std::int64_t{9});
  if (layer.last) attributes.Set("channels_last", std::int64_t{1});
  if (layer.spec.empty()) return attributes;
  attributes.Set("spec", layer.spec);
  attributes.Set("scale", 0.037F);
  attributes.Set("zero", layer.zero);
  if (layer.clips) attributes.Set("low", 0.0F);
  if (layer.clips) attributes.Set("high", 2.3F);
  return attributes;
}

// Multipliers that spread the sums over the grid, so that values lie beside its ties too.
Case MakeLayer(const Layer& layer) {
  const std::int64_t outputs = layer.weights[0];
  const auto terms = static_cast<double>(layer.weights[1] * layer.weights[2] * layer.weights[3]);
  const double reach = 6.0 / (128.0 * 70.0 * std::sqrt(terms));
  const Tensor x = layer.dtype == DType::kUint8
                       ? RandomBytes<std::uint8_t>(layer.dtype, layer.image, 1, 0, 255)
                       : RandomBytes<std::int8_t>(layer.dtype, layer.image, 1, -128, 127);
  const Tensor w = RandomBytes<std::int8_t>(DType::kInt8, layer.weights, 2, -127, 127);
  Case test = MakeCase("Relu", {}, {});
  test.node.op = FindOp("IntegerConv", "bitwright");
  test.node.attributes = AttributesOf(layer);
  test.inputs = {x, w, RandomTensor({outputs}, 3, 0.5 * reach, reach),
                 RandomTensor({outputs}, 4, -1, 1)};
  test.node.inputs = {0, 1, 2, 3};
  test.node.outputs = {4};
  test.constant = {false, true, true, true};
  return test;
}

// Every kind of input and of output.
void CheckAll(Layer layer) {
  const std::vector<std::pair<DType, std::int32_t>> inputs = {
      {DType::kUint8, 0}, {DType::kUint8, 93}, {DType::kInt8, 0}, {DType::kInt8, -20}};
  for (const auto& [dtype, offset] : inputs) {
    for (const char* spec :
         {"", "uint8", "int8", "uint8:asym", "int4", "esb4_1", "udybit4", "odd3"}) {
      for (const bool clips : {false, true}) {
        SCOPED_TRACE(fmt::format("{} {} offset {} spec '{}' clips {}", ShapeText(layer.image),
                                 ShapeText(layer.weights), offset, spec, clips));
        layer.dtype = dtype;
        layer.offset = offset;
        layer.spec = spec;
        layer.zero = layer.spec.ends_with(":asym") ? 77 : 0;
        layer.clips = clips && !layer.spec.empty();
        ExpectSameBits(MakeLayer(layer));
      }
    }
  }
}

TEST(IntegerConv, OfOneElementIsTheLawForAnyNumberOfOutputs) {
  for (const std::int64_t outputs : {1, 15, 16, 24, 33, 48, 64, 81, 97, 130})
    CheckAll({.image = {1, 3, 5, 8}, .weights = {outputs, 8, 1, 1}});
}

TEST(IntegerConv, OfOneElementIsTheLawForAnyNumberOfPixels) {
  for (const std::int64_t pixels : {1, 2, 5, 6, 7, 8, 11, 12, 13, 25})
    CheckAll({.image = {2, 1, pixels, 12}, .weights = {56, 12, 1, 1}});
}

TEST(IntegerConv, OfOneElementIsTheLawForAnyDepth) {
  for (const std::int64_t depth : {1, 3, 4, 16, 30, 2052})
    CheckAll({.image = {1, 2, 7, depth}, .weights = {20, depth, 1, 1}});
}

TEST(IntegerConv, OfManyPixelsInGroupsIsTheLaw) {
  CheckAll({.image = {1, 40, 41, 32}, .weights = {17, 32, 1, 1}});
}

TEST(IntegerConv, OfOneElementGivesPlanesToo) {
  Layer layer{.image = {2, 3, 5, 8}, .weights = {24, 8, 1, 1}};
  layer.last = false;
  ExpectSameBits(MakeLayer(layer));
}

TEST(IntegerConv, OfSingleChannelsIsTheLaw) {
  for (const std::int64_t channels : {4, 8, 16, 24, 37}) {
    for (const std::int64_t stride : {1, 2}) {
      CheckAll({.image = {2, 9, 13, channels},
                .weights = {channels, 1, 3, 3},
                .group = channels,
                .stride = stride,
                .pad = 1});
    }
  }
}

TEST(IntegerConv, OfWiderWindowsIsTheLaw) {
  CheckAll({.image = {1, 9, 7, 8}, .weights = {20, 8, 3, 3}, .stride = 2, .pad = 1});
}

}  // namespace
}  // namespace bw::kernels
