#include "bitwright/runtime/onednn/direct/depthwise.h"

#include <algorithm>
#include <vector>

#include "bitwright/runtime/onednn/direct/behind.h"
#include "bitwright/runtime/onednn/direct/interior.h"
#include "bitwright/runtime/onednn/types.h"

namespace bw::kernels {
namespace {

// The part of a filter that lies inside the input, for outputs that see the same part.
struct Taps {
  std::size_t rows = 0, columns = 0;
  std::size_t row_step = 0, column_step = 0;  // floats of the input from tap to tap
  const float* weights = nullptr;             // of the first
  std::size_t weight_row_step = 0, weight_column_step = 0;
  std::size_t lanes = 0;  // of a weight
};

// A run of output pixels, `step` floats of input and output apart.
struct Run {
  const float* x;
  std::size_t x_step;
  const float* addend;  // or null
  float* y;
  std::size_t y_step;
};

// kPixels pixels of kVectors * kLanes channels.
template <std::size_t kPixels, std::size_t kVectors>
inline __attribute__((always_inline)) void SumCells(const Taps& taps, const Run& run,
                                                    const float* bias, const Bounds& bounds,
                                                    std::size_t channel) {
  Lanes sums[kPixels][kVectors];
  for (std::size_t p = 0; p < kPixels; ++p) {
    for (std::size_t v = 0; v < kVectors; ++v)
      sums[p][v] = *reinterpret_cast<const Lanes*>(bias + channel + v * kLanes);
  }
  for (std::size_t r = 0; r < taps.rows; ++r) {
    for (std::size_t c = 0; c < taps.columns; ++c) {
      const float* w =
          taps.weights + r * taps.weight_row_step + c * taps.weight_column_step + channel;
      const float* x = run.x + r * taps.row_step + c * taps.column_step + channel;
      for (std::size_t p = 0; p < kPixels; ++p) {
        for (std::size_t v = 0; v < kVectors; ++v) {
          sums[p][v] += *reinterpret_cast<const Lanes*>(w + v * kLanes) *
                        *reinterpret_cast<const Lanes*>(x + p * run.x_step + v * kLanes);
        }
      }
    }
  }
  for (std::size_t p = 0; p < kPixels; ++p) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t at = p * run.y_step + channel + v * kLanes;
      bounds.Put(sums[p][v], run.addend == nullptr ? nullptr : run.addend + at, run.y + at);
    }
  }
}

// kPixels pixels of all channels; the last vector may overlap the one before.
template <std::size_t kPixels, std::size_t kVectors>
inline __attribute__((always_inline)) void SumPixels(const Taps& taps, const Run& run,
                                                     const float* bias, const Bounds& bounds) {
  std::size_t channel = 0;
  for (; channel + kVectors * kLanes <= taps.lanes; channel += kVectors * kLanes)
    SumCells<kPixels, kVectors>(taps, run, bias, bounds, channel);
  for (; channel + kLanes <= taps.lanes; channel += kLanes)
    SumCells<kPixels, 1>(taps, run, bias, bounds, channel);
  if (channel < taps.lanes) SumCells<kPixels, 1>(taps, run, bias, bounds, taps.lanes - kLanes);
}

BW_VECTORIZE void SumRun(const Taps& given, Run run, const float* bias, const Bounds& given_bounds,
                         std::size_t pixels) {
  // Copies that no store to y can reach.
  const Taps taps = given;
  const Bounds bounds = given_bounds;
  const auto advance = [&](std::size_t by) {
    run.x += by * run.x_step;
    run.y += by * run.y_step;
    if (run.addend != nullptr) run.addend += by * run.y_step;
    pixels -= by;
  };
  for (; pixels >= 8; advance(8)) SumPixels<8, 1>(taps, run, bias, bounds);
  for (; pixels >= 4; advance(4)) SumPixels<4, 2>(taps, run, bias, bounds);
  for (; pixels >= 2; advance(2)) SumPixels<2, 4>(taps, run, bias, bounds);
  for (; pixels > 0; advance(1)) SumPixels<1, 4>(taps, run, bias, bounds);
}

// One axis of the image.
struct Axis {
  Axis(const ops::Window& axis_window, std::size_t in, std::size_t out, std::size_t weight)
      : window(axis_window), in_step(in), out_step(out), weight_step(weight) {
    interior = Interior(window);
    for (std::int64_t o = 0; o < window.out; ++o) inside.push_back(TapsInside(window, o));
  }

  // Where the first tap inside of output o reads; 0 without one.
  std::size_t First(std::int64_t o) const {
    const OutputRange taps = inside[static_cast<std::size_t>(o)];
    const std::int64_t at = o * window.stride - window.pad_begin + taps.begin * window.dilation;
    return taps.count == 0 ? 0 : static_cast<std::size_t>(at) * in_step;
  }

  ops::Window window;
  std::size_t in_step, out_step, weight_step;  // floats from one to the next
  std::vector<OutputRange> inside;             // by output: its taps inside the input
  OutputRange interior;                        // outputs that have all of them there
};

// Goes along the longer axis of the image. Of fewer channels than a vector has lanes, several
// pixels share one; they go along rows.
class DepthwiseKernel final : public Kernel {
 public:
  DepthwiseKernel(const Node& node, const Shape& x, const std::vector<ops::Window>& windows)
      : images_(x[0]),
        channels_(static_cast<std::size_t>(x[3])),
        lanes_(std::max(channels_, kLanes)),
        rows_(windows[0], static_cast<std::size_t>(x[2]) * channels_,
              static_cast<std::size_t>(windows[1].out) * channels_,
              static_cast<std::size_t>(windows[1].kernel) * lanes_),
        columns_(windows[1], channels_, channels_, lanes_),
        image_(static_cast<std::size_t>(x[1] * x[2]) * channels_),
        bounds_(node),
        has_addend_(HasInput(node, 3)) {
    bias_.assign(lanes_, 0.0F);
    weights_.assign(static_cast<std::size_t>(windows[0].kernel * windows[1].kernel) * lanes_, 0.0F);
  }

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) Arrange(constant.span<float>());
    if (input != 2) return;
    for (std::size_t l = 0; l < lanes_; ++l) bias_[l] = constant.span<float>()[l % channels_];
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const float* x = inputs[0].span<float>().data();
    const float* addend = has_addend_ ? inputs[3].span<float>().data() : nullptr;
    float* y = outputs[0].span<float>().data();
    const std::size_t result = rows_.out_step * static_cast<std::size_t>(rows_.window.out);
    for (std::int64_t image = 0; image < images_; ++image, x += image_, y += result) {
      if (channels_ < kLanes)
        SumShared(x, addend, y);
      else if (rows_.interior.count > columns_.interior.count)
        SumImage(columns_, rows_, x, addend, y);
      else
        SumImage(rows_, columns_, x, addend, y);
      if (addend != nullptr) addend += result;
    }
  }

 private:
  // [C, 1, kh, kw] -> [kh, kw, lanes], repeated to the lanes.
  void Arrange(std::span<const float> weights) {
    const std::size_t taps = weights.size() / channels_;
    for (std::size_t t = 0; t < taps; ++t) {
      for (std::size_t l = 0; l < lanes_; ++l)
        weights_[t * lanes_ + l] = weights[l % channels_ * taps + t];
    }
  }

  void SumImage(const Axis& outer, const Axis& inner, const float* x, const float* addend,
                float* y) const {
    for (std::int64_t o = 0; o < outer.window.out; ++o) {
      const std::int64_t end = inner.interior.begin + inner.interior.count;
      const auto sum = [&](std::int64_t first, std::int64_t count) {
        SumRun(TapsOf(outer, o, inner, first), RunOf(outer, o, inner, first, x, addend, y),
               bias_.data(), bounds_, static_cast<std::size_t>(count));
      };
      for (std::int64_t i = 0; i < inner.interior.begin; ++i) sum(i, 1);
      if (inner.interior.count > 0) sum(inner.interior.begin, inner.interior.count);
      for (std::int64_t i = end; i < inner.window.out; ++i) sum(i, 1);
    }
  }

  // Those of the output (o, i).
  Taps TapsOf(const Axis& outer, std::int64_t o, const Axis& inner, std::int64_t i) const {
    const OutputRange down = outer.inside[static_cast<std::size_t>(o)];
    const OutputRange across = inner.inside[static_cast<std::size_t>(i)];
    const float* weights = weights_.data() +
                           static_cast<std::size_t>(down.begin) * outer.weight_step +
                           static_cast<std::size_t>(across.begin) * inner.weight_step;
    return {.rows = static_cast<std::size_t>(down.count),
            .columns = static_cast<std::size_t>(across.count),
            .row_step = static_cast<std::size_t>(outer.window.dilation) * outer.in_step,
            .column_step = static_cast<std::size_t>(inner.window.dilation) * inner.in_step,
            .weights = weights,
            .weight_row_step = outer.weight_step,
            .weight_column_step = inner.weight_step,
            .lanes = lanes_};
  }

  // From the output (o, i) on.
  static kernels::Run RunOf(const Axis& outer, std::int64_t o, const Axis& inner, std::int64_t i,
                            const float* x, const float* addend, float* y) {
    const std::size_t at =
        static_cast<std::size_t>(o) * outer.out_step + static_cast<std::size_t>(i) * inner.out_step;
    return {.x = x + outer.First(o) + inner.First(i),
            .x_step = static_cast<std::size_t>(inner.window.stride) * inner.in_step,
            .addend = addend == nullptr ? nullptr : addend + at,
            .y = y + at,
            .y_step = inner.out_step};
  }

  // A vector that starts or ends at a pixel of the border has its taps; what it gets wrong is
  // written over by those nearer to the middle.
  void SumShared(const float* x, const float* addend, float* y) const {
    const auto together = static_cast<std::int64_t>(kLanes / channels_);
    const OutputRange interior = columns_.interior;
    for (std::int64_t o = 0; o < rows_.window.out; ++o) {
      for (std::int64_t i = 0; i < interior.begin; ++i) SumVectors(o, i, i, 1, x, addend, y);
      for (std::int64_t i = columns_.window.out - 1; i >= interior.begin + interior.count; --i)
        SumVectors(o, i, i + 1 - together, 1, x, addend, y);
      const std::int64_t count = interior.count / together, first = interior.begin;
      SumVectors(o, first, first, count, x, addend, y);
      if (interior.count % together != 0)
        SumVectors(o, first, first + interior.count - together, 1, x, addend, y);
    }
  }

  // `count` vectors of pixels from `first` on with the taps of output i.
  void SumVectors(std::int64_t o, std::int64_t i, std::int64_t first, std::int64_t count,
                  const float* x, const float* addend, float* y) const {
    kernels::Run run = RunOf(rows_, o, columns_, i, x, addend, y);
    const std::ptrdiff_t shift = (first - i) * static_cast<std::ptrdiff_t>(channels_);
    run.x += shift;
    run.y += shift;
    if (run.addend != nullptr) run.addend += shift;
    run.x_step = run.y_step = kLanes;
    SumRun(TapsOf(rows_, o, columns_, i), run, bias_.data(), bounds_,
           static_cast<std::size_t>(count));
  }

  std::int64_t images_;
  std::size_t channels_, lanes_;
  Axis rows_, columns_;
  std::size_t image_;
  Bounds bounds_;
  bool has_addend_;
  std::vector<float> weights_, bias_;
};

// Several pixels in a vector: they lie side by side, and the middle is wide enough to write over
// what the borders' vectors get wrong.
bool CanShare(const Shape& x, const ops::Window& columns) {
  const auto channels = static_cast<std::size_t>(x[3]);
  if (channels == 0 || kLanes % channels != 0 || columns.stride != 1) return false;
  const std::int64_t border = columns.pad_begin + std::max<std::int64_t>(columns.pad_end, 0);
  const auto together = static_cast<std::int64_t>(kLanes / channels);
  return columns.out - border >= 2 * together;
}

}  // namespace

std::unique_ptr<Kernel> MakeDepthwise(const Node& node, const Shape& x,
                                      const std::vector<ops::Window>& windows) {
  if (x[3] < static_cast<std::int64_t>(kLanes) && !CanShare(x, windows[1])) return nullptr;
  return std::make_unique<DepthwiseKernel>(node, x, windows);
}

}  // namespace bw::kernels
