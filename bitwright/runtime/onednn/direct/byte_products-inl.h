// Exact sums of products of bytes in vectors of 512 bits, and loops that leave them in registers.
// Included once for each target.

#if defined(BW_BYTE_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BW_BYTE_PRODUCTS_INL_H_
#undef BW_BYTE_PRODUCTS_INL_H_
#else
#define BW_BYTE_PRODUCTS_INL_H_
#endif

#include <hwy/highway.h>

#include <utility>

// Of a lambda in such a loop.
#ifndef BW_INLINE
#define BW_INLINE HWY_ATTR __attribute__((always_inline))
#endif

HWY_BEFORE_NAMESPACE();
namespace bw::kernels::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

// f(0) .. f(kCount - 1), each number a constant from the start: of arrays that are only indexed so
// compilers make registers.
template <std::size_t kCount, typename F>
HWY_INLINE void Unroll(const F& f) {
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) BW_INLINE {
    (f(std::integral_constant<std::size_t, kIndex>()), ...);
  }
  (std::make_index_sequence<kCount>());
}

// sums += products of unsigned bytes by signed ones, four by four. Machines of this target have the
// instruction; Highway's list of what the compiler may use leaves it out.
HWY_INLINE void AddProducts(__m512i& sums, __m512i x, __m512i w) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(w));
}

#endif

}  // namespace
}  // namespace bw::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BW_BYTE_PRODUCTS_INL_H_
