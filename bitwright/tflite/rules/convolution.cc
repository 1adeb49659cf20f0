// CONV_2D, DEPTHWISE_CONV_2D: filters [O,h,w,I] and [1,h,w,C*m].

#include "bitwright/tflite/fused.h"
#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

constexpr int kConv = 3, kDepthwise = 4;

struct Layer {
  WindowOptions windows;
  Fused fused = Fused::kNone;
  bool depthwise = false;
};

// Fields: padding, stride_w, stride_h, then for depthwise the multiplier, activation, dilations.
Expected<Layer> ReadLayer(const Lowering& to) {
  Layer layer;
  layer.depthwise = to.op().code == kDepthwise;
  const int at = layer.depthwise ? 4 : 3;
  const FlatTable& options = to.op().options;
  BW_ASSIGN(layer.windows.same, ReadSamePadding(options));
  BW_ASSIGN(layer.fused, ReadFused(to, at));
  BW_ASSIGN(const auto stride_w, options.Scalar<std::int32_t>(1, 0));
  BW_ASSIGN(const auto stride_h, options.Scalar<std::int32_t>(2, 0));
  BW_ASSIGN(const auto dilation_w, options.Scalar<std::int32_t>(at + 1, 1));
  BW_ASSIGN(const auto dilation_h, options.Scalar<std::int32_t>(at + 2, 1));
  layer.windows.strides = {stride_h, stride_w};
  layer.windows.dilations = {dilation_h, dilation_w};
  layer.windows.kernel = {to.In(1).shape[1], to.In(1).shape[2]};
  BW_TRY(CheckWindows(layer.windows));
  return layer;
}

// Filters as Conv wants them: [O,I,h,w], of one input channel each for depthwise ones.
Expected<ValueId> Filters(Lowering& to, const Layer& layer) {
  if (!layer.depthwise) return to.Value(1, Form::kSpatial);
  BW_ASSIGN(const bw::Tensor filters, to.Constant(1));
  return to.Add(Transposed(filters, {3, 0, 1, 2}));
}

Expected<void> LowerFloat(Lowering& to, const Layer& layer) {
  auto attributes = WindowAttributes(layer.windows, to.In(0).shape);
  attributes["kernel_shape"] = layer.windows.kernel;
  attributes["group"] = layer.depthwise ? to.In(0).shape[3] : std::int64_t{1};
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kSpatial));
  BW_ASSIGN(const ValueId w, Filters(to, layer));
  std::vector<ValueId> from = {x, w};
  if (to.Has(2)) {
    BW_ASSIGN(const ValueId bias, to.Value(2, Form::kFile));
    from.push_back(bias);
  }
  const ValueId sum = to.Emit("Conv", std::move(from), std::move(attributes));
  BW_ASSIGN(const ValueId y, Activate(to, sum, layer.fused));
  to.Give(0, y, Form::kSpatial);
  return {};
}

Expected<void> LowerInteger(Lowering& to, const Layer& layer) {
  Items items = WindowAttributes(layer.windows, to.In(0).shape);
  BW_TRY(SetLayer(items, to, layer.depthwise ? 3 : 0));
  BW_ASSIGN(items["activation"], ActivationName(layer.fused));
  BW_ASSIGN(std::vector<ValueId> from, FileInputs(to));
  to.Give(0,
          to.Emit(layer.depthwise ? "TfliteDepthwiseConv2D" : "TfliteConv2D", std::move(from),
                  std::move(items), kOwnDomain),
          Form::kFile);
  return {};
}

Expected<void> Lower(Lowering& to) {
  BW_TRY(to.CheckCounts(2, 3));
  BW_TRY(to.CheckRank(0, 4));
  BW_TRY(to.CheckRank(1, 4));
  BW_ASSIGN(const Layer layer, ReadLayer(to));
  BW_ASSIGN(const Arithmetic arithmetic, LayerArithmetic(to));
  return arithmetic == Arithmetic::kFloat ? LowerFloat(to, layer) : LowerInteger(to, layer);
}

constexpr Covered kCovered[] = {{kConv, 1}, {kDepthwise, 2}};

}  // namespace

BW_ENTRY(tflite::Rule, convolution) = {
    .name = "convolution", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
