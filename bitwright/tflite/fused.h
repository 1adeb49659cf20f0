#pragma once
// What many rules share: padding, fused activations.

#include <string>

#include "bitwright/tflite/lowering.h"

namespace bw::tflite {

// Activation functions of options tables.
enum class Fused : std::int8_t { kNone = 0, kRelu = 1, kReluN1To1 = 2, kRelu6 = 3, kTanh = 4 };

// The field of the options of the operator at hand; refuses unknown ones.
Expected<Fused> ReadFused(const Lowering& to, int field);

// Float: the activation of a value, as nodes.
Expected<ValueId> Activate(Lowering& to, ValueId value, Fused fused);
// int8: the name for the attribute "activation".
Expected<std::string> ActivationName(Fused fused);

// Sliding windows over the height and width of an image of the file.
struct WindowOptions {
  bool same =
      false;  // padded so that ceil(extent / stride) outputs fit, the odd element at the end
  Shape kernel = {1, 1}, strides = {1, 1}, dilations = {1, 1};  // height, width
};
// Refuses strides, kernels and dilations below 1 or beyond 2^20.
Expected<void> CheckWindows(const WindowOptions& options);
// Attributes strides, dilations, pads.
Items WindowAttributes(const WindowOptions& options, const Shape& image);

// Field 0 of the options of convolutions and pools: 0 SAME, 1 VALID.
Expected<bool> ReadSamePadding(const FlatTable& options);

}  // namespace bw::tflite
