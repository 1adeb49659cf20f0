#pragma once
// libnumber's canonical numbers <1,ne,nf,B> up to 32 bits by arithmetic, without a table.

#include <memory>
#include <string>

#include "bitwright/number/representation.h"

namespace bw::number {

// FIXED (ne = 0), EXP (nf = 0) or FLOAT. `bias` is that of the text, relative to the format's own;
// B = own_bias + bias. ne + nf in 1..31, nf <= 10 where ne > 0 and nf > 0. Of EXP, values that
// no float32 holds are left out.
std::unique_ptr<Representation> MakeCanonical(std::string name, int ne, int nf, int own_bias,
                                              int bias);

}  // namespace bw::number
