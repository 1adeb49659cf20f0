#pragma once
// How many bytes a tensor of a network takes in a format.

#include "bitwright/quant/targets.h"

namespace bw {

// As float32 where `spec` is null. Of a weight: codes, scales, zero points, the second level's
// scale and the table of a format that is fitted to it. Of an activation the codes alone, for batch
// 1: its one scale belongs to the program. BW_CHECKs that the grain fits the shape.
std::int64_t StoredBytes(const QuantTarget& target, const QuantSpec* spec);

}  // namespace bw
