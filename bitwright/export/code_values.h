#pragma once
// How a decoder written with standard operators gets from a code to its value: tables derived from
// the format's decode function by enumeration.

#include <optional>
#include <vector>

#include "bitwright/numerics/format.h"

namespace bw {

// float(Decode(code)) of every code; 0 where the code denotes no finite value.
std::vector<float> Codebook(const Format& format);

// value(code) = base[code / span] + step[code / span] * (code % span), exact in float for every
// code of finite value.
struct LinearPieces {
  int span = 1;
  std::vector<float> base, step;
};

// The pieces with the greatest span (a power of two) that reproduce the format; none where even
// pieces of two codes fail. Makes tables small for formats of many bits: one piece for an unsigned
// integer, one for each sign and exponent of a minifloat.
std::optional<LinearPieces> FindLinearPieces(const Format& format);

}  // namespace bw
