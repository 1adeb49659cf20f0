#pragma once
// One array of NumPy's .npy format, versions 1 to 3 (numpy.lib.format), read row by row.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/data/byte_source.h"
#include "bitwright/tensor/tensor.h"

namespace bw {

// A C-order little-endian array of u1, i1, i2, i4, i8, f4 or f8 whose bytes stay where they are. A
// row is one index of the leading axis.
class NpyArray {
 public:
  // Fails on a bad header, another element type, Fortran order, no leading axis, or a data size
  // that is not the shape's.
  static Expected<NpyArray> Open(ByteSource bytes);

  const Shape& shape() const { return shape_; }
  std::size_t rows() const { return static_cast<std::size_t>(shape_[0]); }
  // uint8 as it is, every other type as float32 (nearest); shape without the leading axis.
  Expected<Tensor> ReadRow(std::size_t row) const;
  // The whole of a one-dimensional (or [N,1]) integer array.
  Expected<std::vector<std::int64_t>> ReadIntegers() const;

 private:
  ByteSource bytes_;
  char kind_ = 'u';  // u, i or f
  std::size_t item_bytes_ = 1;
  std::size_t data_offset_ = 0;
  Shape shape_;
};

}  // namespace bw
