#pragma once
// The idx format of MNIST: unsigned bytes behind a big-endian header (yann.lecun.com/exdb/mnist),
// plain or gzip.

#include <string>

#include "bitwright/base/error.h"
#include "bitwright/data/byte_source.h"
#include "bitwright/tensor/tensor.h"

namespace bw {

// The header was checked against the number of bytes.
struct IdxArray {
  ByteSource bytes;
  std::size_t data_offset = 0;
  Shape shape;
};

// True when the first bytes are those of an idx file of unsigned bytes, or of a gzip file named
// idx.
bool LooksLikeIdx(const std::string& path);

// A plain file stays on disk; a gzip one is inflated into memory, never beyond what its header
// claims. Fails on another element type, another rank than `rank`, or a size that is not the
// header's.
Expected<IdxArray> OpenIdx(const std::string& path, int rank);

}  // namespace bw
