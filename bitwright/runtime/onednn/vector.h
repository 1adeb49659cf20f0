#pragma once
// Plain loops compiled for several instruction sets, chosen when the program starts. Products and
// sums are rounded one by one and in the same order everywhere, so that every instruction set gives
// the same bits.

#include <cstddef>
#include <cstring>

// Thread Sanitizer's runtime is not up yet when the choice is made.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define BW_VECTORIZE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define BW_VECTORIZE
#endif

namespace bw::kernels {

inline constexpr std::size_t kLanes = 16;

// Sixteen floats at any address.
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));

}  // namespace bw::kernels
