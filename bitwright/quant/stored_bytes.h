#pragma once
// How many bytes a tensor of a network takes in a format.

#include "bitwright/quant/targets.h"

namespace bw {

// As float32 where `spec` is null. Codes, scales, zero points, the second level's scale and the
// table of a format that is fitted to it; of an activation with one scale the codes alone, for
// batch 1: the scale, and what is fitted, belong to the program. BW_CHECKs that the grain fits the
// shape.
std::int64_t StoredBytes(const QuantTarget& target, const QuantSpec* spec);

}  // namespace bw
