#pragma once
// Quantized constants: packed codes, scales and zero points as initializers, decoded by a local
// function of standard operators.

#include <string>

#include "bitwright/export/model_writer.h"
#include "bitwright/tensor/qtensor.h"

namespace bw {

// Adds nodes that compute Dequantize(tensor), bit for bit, under the name `output`. The element
// format has at most 16 bits.
//
// Codes of n bits are stored as bytes in rows of n (8 codes a row; the last is filled up with
// zeros), except those of 8 bits, which are stored as they are. A code that starts at bit b of its
// row lies in bytes b/8, b/8+1 (and b/8+2 for more than 9 bits) of the row: code = (byte0 +
// 256*byte1 + 65536*byte2) / 2^(b%8) mod 2^n. A byte index past the row's end is clamped: its bits
// are then beyond the code and the remainder drops them.
void WritePacked(ModelWriter& model, const QTensor& tensor, const std::string& output);

}  // namespace bw
