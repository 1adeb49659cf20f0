#pragma once
// Element types as TensorProto.DataType numbers in attributes.

#include "bitwright/graph/checks.h"

namespace bw::ops {

// double, float16 and bfloat16 are computed as float32.
inline Expected<DType> TypeOfOnnx(std::int64_t number, std::string_view what) {
  switch (number) {
    case 1:
    case 10:
    case 11:
    case 16:
      return DType::kFloat32;
    case 2:
      return DType::kUint8;
    case 3:
      return DType::kInt8;
    case 6:
      return DType::kInt32;
    case 7:
      return DType::kInt64;
    case 9:
      return DType::kBool;
    default:
      return Fail(
          "{} is data type {}, allowed: 1 (float), 2 (uint8), 3 (int8), 6 (int32), 7 (int64), 9 "
          "(bool), 10 (float16), 11 (double), 16 (bfloat16)",
          what, number);
  }
}

}  // namespace bw::ops
