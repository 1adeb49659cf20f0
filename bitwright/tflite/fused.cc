#include "bitwright/tflite/fused.h"

#include <algorithm>

namespace bw::tflite {

Expected<Fused> ReadFused(const Lowering& to, int field) {
  BW_ASSIGN(const auto code, to.op().options.Scalar<std::int8_t>(field, 0));
  if (code < 0 || code > static_cast<int>(Fused::kTanh)) {
    return Fail(
        "its activation function is number {}, allowed are 0 to 4: none, relu, "
        "relu_n1_to_1, relu6, tanh",
        code);
  }
  return static_cast<Fused>(code);
}

Expected<ValueId> Activate(Lowering& to, ValueId value, Fused fused) {
  switch (fused) {
    case Fused::kNone:
      return value;
    case Fused::kRelu:
      return to.Emit("Relu", {value});
    case Fused::kReluN1To1:
      return to.Emit("Clip", {value, to.AddScalar(-1), to.AddScalar(1)});
    case Fused::kRelu6:
      return to.Emit("Clip", {value, to.AddScalar(0), to.AddScalar(6)});
    case Fused::kTanh:
      return to.Emit("Tanh", {value});
  }
  return Fail("its activation function is unknown");
}

Expected<std::string> ActivationName(Fused fused) {
  switch (fused) {
    case Fused::kNone:
      return "none";
    case Fused::kRelu:
      return "relu";
    case Fused::kReluN1To1:
      return "relu_n1_to_1";
    case Fused::kRelu6:
      return "relu6";
    default:
      return Fail(
          "its activation function is tanh, allowed on int8: none, relu, relu_n1_to_1, "
          "relu6");
  }
}

Expected<void> CheckWindows(const WindowOptions& options) {
  for (const Shape* list : {&options.kernel, &options.strides, &options.dilations}) {
    for (const std::int64_t entry : *list) {
      if (entry < 1 || entry > 1 << 20) {
        return Fail("kernel, strides and dilations are {}, {} and {}, allowed are 1 to 2^20",
                    ShapeText(options.kernel), ShapeText(options.strides),
                    ShapeText(options.dilations));
      }
    }
  }
  return {};
}

Items WindowAttributes(const WindowOptions& options, const Shape& image) {
  Shape pads(4, 0);
  for (std::size_t i = 0; options.same && i < 2; ++i) {
    const std::int64_t in = image[i + 1], stride = options.strides[i];
    const std::int64_t out = (in + stride - 1) / stride;
    const std::int64_t reach = (options.kernel[i] - 1) * options.dilations[i] + 1;
    const std::int64_t total = std::max<std::int64_t>((out - 1) * stride + reach - in, 0);
    pads[i] = total / 2;
    pads[i + 2] = total - total / 2;
  }
  return {{"strides", options.strides}, {"dilations", options.dilations}, {"pads", pads}};
}

Expected<bool> ReadSamePadding(const FlatTable& options) {
  BW_ASSIGN(const auto padding, options.Scalar<std::int8_t>(0, 0));
  if (padding != 0 && padding != 1) {
    return Fail("its padding is number {}, allowed are 0 (SAME) and 1 (VALID)", padding);
  }
  return padding == 0;
}

}  // namespace bw::tflite
