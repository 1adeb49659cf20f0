// ConvFirst: few planes are read as they stand, each element times a vector of filters.

#include <algorithm>

#include "bitwright/graph/window.h"
#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/axes.h"
#include "bitwright/runtime/onednn/direct/behind.h"
#include "bitwright/runtime/onednn/direct/interior.h"
#include "bitwright/runtime/onednn/types.h"

namespace bw::kernels {
namespace {

// What the pixels of one output row share.
struct Row {
  const std::size_t* offsets;  // of the taps in the row's input
  std::size_t taps;
  std::size_t stride;
  const float* weights;  // [taps][lanes]
  std::size_t lanes;
  const float* bias;
};

// kPixels pixels of kVectors * kLanes channels, `channels` apart.
template <std::size_t kPixels, std::size_t kVectors>
inline __attribute__((always_inline)) void SumCells(const Row& row, const float* x,
                                                    std::size_t channel, const Bounds& bounds,
                                                    float* y, std::size_t channels) {
  Lanes sums[kPixels][kVectors];
  for (std::size_t p = 0; p < kPixels; ++p) {
    for (std::size_t v = 0; v < kVectors; ++v)
      sums[p][v] = *reinterpret_cast<const Lanes*>(row.bias + channel + v * kLanes);
  }
  for (std::size_t t = 0; t < row.taps; ++t) {
    const float* w = row.weights + t * row.lanes + channel;
    const float* from = x + row.offsets[t];
    for (std::size_t p = 0; p < kPixels; ++p) {
      const float element = from[p * row.stride];
      for (std::size_t v = 0; v < kVectors; ++v)
        sums[p][v] += *reinterpret_cast<const Lanes*>(w + v * kLanes) * element;
    }
  }
  for (std::size_t p = 0; p < kPixels; ++p) {
    for (std::size_t v = 0; v < kVectors; ++v)
      bounds.Put(sums[p][v], y + p * channels + channel + v * kLanes);
  }
}

// The last vector may overlap the one before.
template <std::size_t kPixels>
inline __attribute__((always_inline)) void SumPixels(const Row& row, const float* x,
                                                     const Bounds& bounds, float* y,
                                                     std::size_t channels) {
  std::size_t channel = 0;
  for (; channel + 2 * kLanes <= row.lanes; channel += 2 * kLanes)
    SumCells<kPixels, 2>(row, x, channel, bounds, y, channels);
  if (channel + kLanes <= row.lanes) {
    SumCells<kPixels, 1>(row, x, channel, bounds, y, channels);
    channel += kLanes;
  }
  if (channel < row.lanes) SumCells<kPixels, 1>(row, x, row.lanes - kLanes, bounds, y, channels);
}

// The last eight pixels may overlap those before.
BW_VECTORIZE void SumRow(const Row& given, const float* x, const Bounds& given_bounds, float* y,
                         std::size_t channels, std::size_t pixels) {
  // Copies that no store to y can reach.
  const Row row = given;
  const Bounds bounds = given_bounds;
  std::size_t p = 0;
  for (; p + 8 <= pixels; p += 8)
    SumPixels<8>(row, x + p * row.stride, bounds, y + p * channels, channels);
  if (p < pixels && pixels >= 8) {
    p = pixels - 8;
    return SumPixels<8>(row, x + p * row.stride, bounds, y + p * channels, channels);
  }
  for (; p < pixels; ++p) SumPixels<1>(row, x + p * row.stride, bounds, y + p * channels, channels);
}

// Pixels that see the padding have their taps gathered. Of fewer channels than a vector has lanes,
// what a vector writes beyond its pixel the following ones write over; the last rows of all go by
// one of their own.
class ConvFirstKernel final : public Kernel {
 public:
  ConvFirstKernel(const Node& node, const Shape& x, const Shape& w,
                  const std::vector<ops::Window>& windows)
      : images_(x[0]),
        planes_(x[1]),
        channels_(static_cast<std::size_t>(w[0])),
        lanes_(std::max(channels_, kLanes)),
        rows_(windows[0]),
        columns_(windows[1]),
        interior_rows_(Interior(rows_)),
        interior_columns_(Interior(columns_)),
        bounds_(node) {
    for (std::int64_t plane = 0; plane < planes_; ++plane) {
      for (std::int64_t r = 0; r < rows_.kernel; ++r) {
        for (std::int64_t c = 0; c < columns_.kernel; ++c) {
          const std::int64_t row = plane * rows_.in + r * rows_.dilation;
          offsets_.push_back(static_cast<std::size_t>(row * columns_.in + c * columns_.dilation));
          order_.push_back(order_.size());
        }
      }
    }
    bias_.assign(lanes_, 0.0F);
    weights_.assign(offsets_.size() * lanes_, 0.0F);
    taps_.resize(offsets_.size());
    last_.resize(static_cast<std::size_t>(columns_.out) * channels_ + kLanes);
  }

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    const auto from = constant.span<float>();
    if (input == 2) std::copy(from.begin(), from.end(), bias_.begin());
    if (input != 1) return;
    for (std::size_t i = 0; i < from.size(); ++i)
      weights_[i % offsets_.size() * lanes_ + i / offsets_.size()] = from[i];
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const float* x = inputs[0].span<float>().data();
    float* y = outputs[0].span<float>().data();
    const float* end = y + outputs[0].size();
    const std::size_t size = static_cast<std::size_t>(columns_.out) * channels_;
    for (std::int64_t image = 0; image < images_; ++image) {
      for (std::int64_t r = 0; r < rows_.out; ++r, y += size) {
        const bool last =
            channels_ < kLanes && end - (y + size) < static_cast<std::ptrdiff_t>(kLanes);
        Sum(x, r, last ? last_.data() : y);
        if (last) std::copy_n(last_.data(), size, y);
      }
      x += planes_ * rows_.in * columns_.in;
    }
  }

 private:
  // Output row r.
  void Sum(const float* x, std::int64_t r, float* y) {
    const std::int64_t row_end = interior_rows_.begin + interior_rows_.count;
    const bool inside = r >= interior_rows_.begin && r < row_end;
    const std::int64_t first = inside ? interior_columns_.begin : columns_.out;
    const std::int64_t end = inside ? first + interior_columns_.count : columns_.out;
    for (std::int64_t c = 0; c < first; ++c) SumGathered(x, r, c, y);
    if (end > first) {
      const std::int64_t row = r * rows_.stride - rows_.pad_begin;
      const std::int64_t column = first * columns_.stride - columns_.pad_begin;
      SumRow(RowOf(offsets_), x + row * columns_.in + column, bounds_,
             y + static_cast<std::size_t>(first) * channels_, channels_,
             static_cast<std::size_t>(end - first));
    }
    for (std::int64_t c = end; c < columns_.out; ++c) SumGathered(x, r, c, y);
  }

  Row RowOf(const std::vector<std::size_t>& offsets) const {
    return {offsets.data(),  offsets.size(), static_cast<std::size_t>(columns_.stride),
            weights_.data(), lanes_,         bias_.data()};
  }

  void SumGathered(const float* x, std::int64_t r, std::int64_t c, float* y) {
    const std::int64_t top = r * rows_.stride - rows_.pad_begin;
    const std::int64_t left = c * columns_.stride - columns_.pad_begin;
    float* tap = taps_.data();
    for (std::int64_t plane = 0; plane < planes_; ++plane, x += rows_.in * columns_.in) {
      for (std::int64_t i = 0; i < rows_.kernel; ++i) {
        const std::int64_t row = top + i * rows_.dilation;
        for (std::int64_t j = 0; j < columns_.kernel; ++j) {
          const std::int64_t column = left + j * columns_.dilation;
          const bool inside = row >= 0 && row < rows_.in && column >= 0 && column < columns_.in;
          *tap++ = inside ? x[row * columns_.in + column] : 0.0F;
        }
      }
    }
    SumRow(RowOf(order_), taps_.data(), bounds_, y + static_cast<std::size_t>(c) * channels_,
           channels_, 1);
  }

  std::int64_t images_, planes_;
  std::size_t channels_, lanes_;
  ops::Window rows_, columns_;
  OutputRange interior_rows_, interior_columns_;
  Bounds bounds_;
  std::vector<std::size_t> offsets_, order_;  // of the taps: in the image, and one after the other
  std::vector<float> weights_, bias_, taps_, last_;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType>,
                             std::span<const Tensor* const> constants) {
  const bool constant = constants[1] != nullptr && (!HasInput(node, 2) || constants[2] != nullptr);
  if (!constant || node.attributes.Int("group", 1) != 1) return nullptr;
  const auto windows = ops::MakeWindows(node.attributes, Spatial(inputs[0].shape),
                                        Spatial(inputs[1].shape), ops::Rounding::kFloor);
  if (!windows) return nullptr;
  return std::make_unique<ConvFirstKernel>(node, inputs[0].shape, inputs[1].shape, *windows);
}

}  // namespace

BW_ENTRY(KernelBinding, conv_first) = {"ConvFirst", Make};

}  // namespace bw::kernels
