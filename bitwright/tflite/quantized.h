#pragma once
// Attributes of the operators of the domain "bitwright" that follow TensorFlow Lite's integer
// arithmetic (graph/ops/tflite_*.cc), from the tensors of a file.

#include <map>
#include <string>

#include "bitwright/graph/graph.h"
#include "bitwright/tflite/lowering.h"

namespace bw::tflite {

// int8 or uint8 with one positive scale and a zero point within the type's range.
Expected<void> CheckCodes(const TensorInfo& tensor);

// "<role>_scale" and "<role>_zero".
Expected<void> SetAffine(Items& items, const std::string& role, const TensorInfo& tensor);

// Of TfliteQuantize and TfliteDequantize.
Expected<Items> QuantizeAttributes(const TensorInfo& output);
Expected<Items> DequantizeAttributes(const TensorInfo& input);

// Same scale and zero point, int8 both: what pools and movement need.
Expected<void> CheckSameCodes(const TensorInfo& input, const TensorInfo& output);

// Whether a layer of input, weights, perhaps bias calculates with float32 or with int8; refuses
// mixtures, which would round the input as it comes.
enum class Arithmetic { kFloat, kInteger };
Expected<Arithmetic> LayerArithmetic(const Lowering& to);

// Scales of input, output and weights of a layer on int8: weights with zero point 0 and one scale,
// or one for each index of `channel_axis`.
Expected<void> SetLayer(Items& items, const Lowering& to, int channel_axis);

// The inputs of the operator at hand as the file has them, absent ones too.
Expected<std::vector<ValueId>> FileInputs(Lowering& to);

}  // namespace bw::tflite
