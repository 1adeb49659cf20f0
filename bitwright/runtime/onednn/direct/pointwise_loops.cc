#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bitwright/runtime/onednn/direct/pointwise_loops.cc"
#include "bitwright/runtime/onednn/direct/pointwise_loops.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cstring>

#include "bitwright/runtime/onednn/direct/byte_products-inl.h"
#include "bitwright/runtime/onednn/direct/round_bytes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bw::kernels::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3_DL

constexpr std::size_t kBlock = PointwiseLayer::kBlock, kQuad = PointwiseLayer::kQuad;
static_assert(kBlock == kStep);

// Of kPixels pixels and kVectors blocks of outputs.
template <std::size_t kPixels, std::size_t kVectors>
using Sums = __m512i[kPixels][kVectors];

// A pixel's four inputs, as unsigned bytes, for all outputs.
HWY_INLINE __m512i Spread(const std::uint8_t* x, __m512i flip) {
  std::int32_t quad;
  std::memcpy(&quad, x, sizeof quad);
  return _mm512_xor_si512(_mm512_set1_epi32(quad), flip);
}

template <std::size_t kPixels, std::size_t kVectors>
HWY_INLINE void Multiply(const PointwiseLayer& layer, std::size_t block, const std::uint8_t* x,
                         Sums<kPixels, kVectors>& sums) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(layer.flip));
  Unroll<kVectors>([&](auto v) BW_INLINE {
    const __m512i start = _mm512_loadu_si512(layer.start + (block + v) * kBlock);
    Unroll<kPixels>([&](auto p) BW_INLINE { sums[p][v] = start; });
  });
  const std::size_t depth = layer.depth, step = depth * kBlock;
  const std::int8_t* w = layer.weights + block * step;
  for (std::size_t q = 0; q < depth; q += kQuad, w += kBlock * kQuad) {
    __m512i weights[kVectors];
    Unroll<kVectors>([&](auto v) BW_INLINE { weights[v] = _mm512_loadu_si512(w + v * step); });
    Unroll<kPixels>([&](auto p) BW_INLINE {
      const __m512i quad = Spread(x + p * depth + q, flip);
      Unroll<kVectors>([&](auto v) BW_INLINE { AddProducts(sums[p][v], quad, weights[v]); });
    });
  }
}

HWY_INLINE Vector Scaled(__m512i sums, const float* multiplier, const float* bias) {
  return Affine(Vector{_mm512_cvtepi32_ps(sums)}, multiplier, bias);
}

// The outputs of a block that are there.
HWY_INLINE __mmask16 Inside(const PointwiseLayer& layer, std::size_t block) {
  const std::size_t count = std::min(kBlock, layer.channels - block * kBlock);
  return static_cast<__mmask16>((1U << count) - 1);
}

// What follows the sums of some blocks, pixel by pixel. Nobody else knows the address of such an
// object, so that what is stored cannot change it.
class ToFloats {
 public:
  ToFloats(const PointwiseLayer& layer, void* out)
      : layer_(layer), out_(static_cast<float*>(out)) {}

  template <std::size_t kVectors>
  HWY_INLINE void Put(std::size_t pixel, std::size_t block, __mmask16 last,
                      const __m512i (&sums)[kVectors]) const {
    const std::size_t first = block * kBlock;
    float* to = out_ + pixel * layer_.channels + first;
    Unroll<kVectors>([&](auto v) BW_INLINE {
      const std::size_t at = v * kBlock;
      const Vector y = Scaled(sums[v], layer_.multiplier + first + at, layer_.bias + first + at);
      _mm512_mask_storeu_ps(to + at, v + 1 < kVectors ? 0xFFFF : last, y.raw);
    });
  }

 private:
  PointwiseLayer layer_;
  float* out_;
};

// By the law, a block at a time.
HWY_NOINLINE void Settle(__m512i sums, PointwiseLayer layer, std::size_t block, std::uint8_t* out) {
  float y[kBlock];
  const std::size_t first = block * kBlock;
  _mm512_storeu_ps(y, Scaled(sums, layer.multiplier + first, layer.bias + first).raw);
  SettleBytes(y, layer.low, layer.high, *layer.grid, out, std::min(kBlock, layer.channels - first));
}

template <typename Rounder>
class ToBytes {
 public:
  ToBytes(const PointwiseLayer& layer, void* out)
      : layer_(layer),
        rounding_(layer.low, layer.high, *layer.grid),
        out_(static_cast<std::uint8_t*>(out)) {}

  template <std::size_t kVectors>
  HWY_INLINE void Put(std::size_t pixel, std::size_t block, __mmask16 last,
                      const __m512i (&sums)[kVectors]) const {
    const std::size_t first = block * kBlock;
    std::uint8_t* to = out_ + pixel * layer_.channels + first;
    Vector off = hn::Zero(Floats());
    Unroll<kVectors>([&](auto v) BW_INLINE {
      const std::size_t at = v * kBlock;
      const Vector y = Scaled(sums[v], layer_.multiplier + first + at, layer_.bias + first + at);
      const Integers stored = rounding_.Round(y, off);
      if (v + 1 < kVectors)
        StoreLowBytes(stored, to + at);
      else
        _mm_mask_storeu_epi8(to + at, last, _mm512_cvtepi32_epi8(stored.raw));
    });
    if (!rounding_.InDoubt(off)) return;
    Unroll<kVectors>([&](auto v)
                         BW_INLINE { Settle(sums[v], layer_, block + v, to + v * kBlock); });
  }

 private:
  PointwiseLayer layer_;
  ByteRounding<Rounder> rounding_;
  std::uint8_t* out_;
};

template <std::size_t kPixels, std::size_t kVectors, typename Behind>
HWY_NOINLINE void RunTile(const PointwiseLayer& layer, const std::uint8_t* x, std::size_t pixel,
                          std::size_t block, const Behind& given) {
  const Behind behind = given;
  Sums<kPixels, kVectors> sums;
  Multiply<kPixels, kVectors>(layer, block, x + pixel * layer.depth, sums);
  const __mmask16 last = Inside(layer, block + kVectors - 1);
  Unroll<kPixels>(
      [&](auto p) BW_INLINE { behind.template Put<kVectors>(pixel + p, block, last, sums[p]); });
}

// Pixels first .. end - 1; the last tile may overlap those before.
template <std::size_t kPixels, std::size_t kVectors, typename Behind>
HWY_INLINE void RunTiles(const PointwiseLayer& layer, const std::uint8_t* x, std::size_t first,
                         std::size_t end, std::size_t block, const Behind& behind) {
  std::size_t p = first;
  for (; p + kPixels <= end; p += kPixels) RunTile<kPixels, kVectors>(layer, x, p, block, behind);
  if (p < end && end >= kPixels)
    return RunTile<kPixels, kVectors>(layer, x, end - kPixels, block, behind);
  for (; p < end; ++p) RunTile<1, kVectors>(layer, x, p, block, behind);
}

// As many pixels as leave the sums in registers.
template <typename Behind>
HWY_INLINE void RunBlocks(const PointwiseLayer& layer, const std::uint8_t* x, std::size_t first,
                          std::size_t end, const Behind& behind) {
  for (std::size_t block = 0, left = layer.blocks(); left > 0;) {
    const std::size_t vectors = left == 4 || left > 7 ? 4 : left > 4 ? (left + 1) / 2 : left;
    if (vectors == 4) RunTiles<6, 4>(layer, x, first, end, block, behind);
    if (vectors == 3) RunTiles<8, 3>(layer, x, first, end, block, behind);
    if (vectors == 2) RunTiles<12, 2>(layer, x, first, end, block, behind);
    if (vectors == 1) RunTiles<12, 1>(layer, x, first, end, block, behind);
    block += vectors;
    left -= vectors;
  }
}

// Pixels whose inputs stay in the first cache.
template <typename Behind>
void RunAll(const PointwiseLayer& layer, const std::uint8_t* x, std::size_t pixels, void* out) {
  constexpr std::size_t kTogether = 24, kCacheBytes = 16 * 1024;  // of 6, 8 and 12
  const std::size_t group =
      std::max<std::size_t>(1, kCacheBytes / layer.depth / kTogether) * kTogether;
  const Behind behind(layer, out);
  for (std::size_t first = 0; first < pixels; first += group)
    RunBlocks(layer, x, first, std::min(pixels, first + group), behind);
}

void Run(const PointwiseLayer& layer, const std::uint8_t* x, std::size_t pixels, void* out) {
  if (layer.grid == nullptr) return RunAll<ToFloats>(layer, x, pixels, out);
  WithRounder(*layer.grid, [&]<typename Rounder>()
                               HWY_ATTR { RunAll<ToBytes<Rounder>>(layer, x, pixels, out); });
}
bool Has() { return true; }

#else

void Run(const PointwiseLayer&, const std::uint8_t*, std::size_t, void*) { BW_CHECK(false); }
bool Has() { return false; }

#endif

}  // namespace
}  // namespace bw::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bw::kernels {
HWY_EXPORT(Run);
HWY_EXPORT(Has);

bool HasPointwise() { return HWY_DYNAMIC_DISPATCH(Has)(); }
void RunPointwise(const PointwiseLayer& layer, const std::uint8_t* x, std::size_t pixels,
                  void* out) {
  HWY_DYNAMIC_DISPATCH(Run)(layer, x, pixels, out);
}

}  // namespace bw::kernels
#endif
