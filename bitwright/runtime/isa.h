#pragma once
// The instruction sets that kernels may use.

#include "bitwright/base/error.h"

namespace bw {

// Obeys the environment's BITWRIGHT_ISA, once for the process and before the first kernel is made:
// avx2 | avx512 | avx512_vnni | avx512_bf16 | amx; what the machine lacks stays unused. oneDNN's
// and Highway's kernels obey; plain loops that the compiler made several times choose by
// themselves. Results are the same at every level. An unknown level is an error.
Expected<void> ObeyIsa();

}  // namespace bw
