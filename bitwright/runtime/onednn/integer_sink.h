#pragma once
// Where the sums of an IntegerConv go: scale, bias, bounds and the next rounding, in pieces that
// stay in the first cache.

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/runtime/onednn/bytes.h"

namespace bw::kernels {

class IntegerSink {
 public:
  // `order`: how floats are put; integers are channels last.
  IntegerSink(const Node& node, const TensorType& output, std::size_t channels,
              std::size_t positions, ops::Order order)
      : channels_(channels),
        positions_(positions),
        element_bytes_(DTypeBytes(output.dtype)),
        to_floats_(output.dtype == DType::kFloat32),
        last_(order == ops::Order::kLast) {
    values_.resize(std::max<std::size_t>(1, kPiece / channels) * channels);
    multiplier_.resize(values_.size());
    bias_.resize(values_.size());
    if (to_floats_) return;
    rounder_.emplace(*FindIntegerGrid(node.attributes));
    if (output.dtype != DType::kInt32) byte_grid_ = FindByteGrid(rounder_->grid());
    clips_ = node.attributes.Has("low") || node.attributes.Has("high");
    low_ = node.attributes.Float("low", -std::numeric_limits<float>::infinity());
    high_ = node.attributes.Float("high", std::numeric_limits<float>::infinity());
  }

  // Repeated for as many positions as one piece holds.
  void Bind(std::span<const float> multiplier, std::span<const float> bias) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      multiplier_[i] = multiplier[i % channels_];
      bias_[i] = bias[i % channels_];
    }
  }

  std::size_t image_bytes() const { return positions_ * channels_ * element_bytes_; }

  // Sums [count][channels] of the positions from `first` on, to the elements of the image at `out`;
  // Sum is std::int32_t, or float for integers that are exact in it or rounded to it once.
  template <typename Sum>
  void Take(const Sum* sums, std::size_t first, std::size_t count, std::byte* out) {
    const std::size_t total = count * channels_;
    for (std::size_t i = 0; i < total; i += values_.size()) {
      TakePiece(sums + i, first * channels_ + i, std::min(values_.size(), total - i), out);
    }
  }

 private:
  static constexpr std::size_t kPiece = 1024;  // stays in the first cache

  // `place` counts elements of the image, channels last.
  template <typename Sum>
  void TakePiece(const Sum* sums, std::size_t place, std::size_t count, std::byte* out) {
    const float *multiplier = multiplier_.data(), *bias = bias_.data();
    if (byte_grid_ &&
        AffineToBytes(sums, multiplier, bias, low_, high_, *byte_grid_, out + place, count)) {
      return;
    }
    if (to_floats_ && last_) {
      return Affine(sums, multiplier, bias, reinterpret_cast<float*>(out) + place, count);
    }
    Affine(sums, multiplier, bias, values_.data(), count);
    if (to_floats_) {
      return PutFloats(place / channels_, count / channels_, reinterpret_cast<float*>(out));
    }
    if (clips_) ClipTo(values_.data(), low_, high_, count);
    rounder_->Round({values_.data(), count});
    ValuesToIntegers(values_.data(), rounder_->grid(), out + place * element_bytes_, count);
  }

  // Positions first.. of the piece into planes.
  void PutFloats(std::size_t first, std::size_t count, float* planes) const {
    constexpr std::size_t kTile = 16;
    for (std::size_t c0 = 0; c0 < channels_; c0 += kTile) {
      const std::size_t c1 = std::min(channels_, c0 + kTile);
      for (std::size_t p0 = 0; p0 < count; p0 += kTile) {
        const std::size_t p1 = std::min(count, p0 + kTile);
        for (std::size_t c = c0; c < c1; ++c) {
          for (std::size_t p = p0; p < p1; ++p)
            planes[c * positions_ + first + p] = values_[p * channels_ + c];
        }
      }
    }
  }

  std::size_t channels_, positions_, element_bytes_;
  bool to_floats_, last_;
  bool clips_ = false;
  float low_ = 0, high_ = 0;
  std::optional<GridRounder> rounder_;
  std::optional<ByteGrid> byte_grid_;
  std::vector<float> values_, multiplier_, bias_;
};

}  // namespace bw::kernels
