#pragma once
// TensorFlow Lite in: .tflite files, float32 and int8, -> Graph.

#include <string>
#include <string_view>

#include "bitwright/graph/graph.h"

namespace bw {

// The bytes are those of a TensorFlow Lite file: its identifier stands at byte 4.
bool IsTflite(std::string_view bytes);
// The same of a file; false when it cannot be read.
bool IsTfliteFile(const std::string& path);

// Reads, checks and converts a model file. Inputs and outputs keep the file's layout, images are
// [batch, height, width, channels]; where the file's are int8 or uint8 with a scale, the graph's
// are the real numbers. Float operators become ONNX's, spatial ones with channels first; operators
// on int8 become those of the domain "bitwright" that give TensorFlow Lite's integers bit for bit.
// Names of tensors are the file's, names of nodes the operator and its number: "conv_2d_3".
// Damaged files, unsupported operators (all named at once), types and shapes that disagree are
// refused with the operator or the tensor and what is allowed.
Expected<Graph> ImportTflite(const std::string& path);

// The same from bytes in memory; `label` starts every message.
Expected<Graph> ImportTfliteBytes(std::string_view bytes, const std::string& label);

}  // namespace bw
