#pragma once
// Tensors of the file: element types, inline and external data.

#include <onnx/onnx_pb.h>

#include <string>

#include "bitwright/base/error.h"
#include "bitwright/tensor/tensor.h"

namespace bw {

// "float16", "int4"; "type 99" for a number that ONNX does not know.
std::string OnnxTypeName(int onnx_type);

// The element type in which Bitwright holds one of the file: double, float16 and bfloat16 become
// float32 (doubles are rounded to nearest); float32, int32, int64, uint8, int8 and bool stay. Every
// other type is refused.
Expected<DType> DTypeFromOnnx(int onnx_type);

// The elements of `proto`, from the message itself or from the file below `folder` that it names.
// Fails when data and extents do not match (checked before anything is allocated), on a NaN, on
// segments, and on external data that is truncated, missing or outside `folder`. Infinities pass:
// what they mean depends on the reader.
Expected<Tensor> TensorFromProto(const onnx::TensorProto& proto, const std::string& folder);

}  // namespace bw
