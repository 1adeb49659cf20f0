#include "bitwright/runtime/onednn/direct/depthwise.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "bitwright/runtime/onednn/direct/behind.h"
#include "bitwright/runtime/onednn/direct/depthwise_loops.h"
#include "bitwright/runtime/onednn/direct/interior.h"
#include "bitwright/runtime/onednn/types.h"

namespace bw::kernels {
namespace {

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
  std::size_t in_step, out_step, weight_step;  // elements from one to the next
  std::vector<OutputRange> inside;             // by output: its taps inside the input
  OutputRange interior;                        // outputs that have all of them there
};

// The filters of an image, as vectors of channels. Of fewer channels than a vector has lanes,
// several pixels share one.
class Image {
 public:
  Image(std::int64_t channels, const std::vector<ops::Window>& windows)
      : channels_(static_cast<std::size_t>(channels)),
        lanes_(std::max(channels_, kLanes)),
        rows_(windows[0], static_cast<std::size_t>(windows[1].in) * channels_,
              static_cast<std::size_t>(windows[1].out) * channels_,
              static_cast<std::size_t>(windows[1].kernel) * lanes_),
        columns_(windows[1], channels_, channels_, lanes_),
        weights_(static_cast<std::size_t>(windows[0].kernel * windows[1].kernel) * lanes_) {}

  // [C, 1, kh, kw] -> [kh, kw, lanes], repeated to the lanes.
  template <typename W>
  void Arrange(std::span<const W> weights) {
    const std::size_t taps = weights.size() / channels_;
    for (std::size_t t = 0; t < taps; ++t) {
      for (std::size_t l = 0; l < lanes_; ++l)
        weights_[t * lanes_ + l] = static_cast<float>(weights[l % channels_ * taps + t]);
    }
    if constexpr (std::is_same_v<W, std::int8_t>) ArrangeQuads();
  }

  std::size_t lanes() const { return lanes_; }
  std::int64_t rows() const { return rows_.window.out; }
  std::size_t inputs() const {  // elements
    return rows_.in_step * static_cast<std::size_t>(rows_.window.in);
  }
  std::size_t row_outputs() const { return rows_.out_step; }

  // All outputs, along the longer axis where that can be.
  template <typename X, typename Behind>
  void Sum(const X* x, const Behind& behind) const {
    const bool along_rows = channels_ < kLanes || rows_.interior.count <= columns_.interior.count;
    const Axis& outer = along_rows ? rows_ : columns_;
    Behind line = behind;
    for (std::int64_t o = 0; o < outer.window.out; ++o, line.Advance(outer.out_step)) {
      if (along_rows)
        SumRow(x, 0, o, line);
      else
        SumLine(columns_, rows_, x, 0, o, line);
    }
  }

  // Output row o, at whose begin `behind` stands.
  template <typename X, typename Behind>
  void SumRow(const X* x, float offset, std::int64_t o, const Behind& behind) const {
    if (channels_ < kLanes) return SumShared(x, offset, o, behind);
    SumLine(rows_, columns_, x, offset, o, behind);
  }

 private:
  // Outputs (o, all) of the image.
  template <typename X, typename Behind>
  void SumLine(const Axis& outer, const Axis& inner, const X* x, float offset, std::int64_t o,
               const Behind& behind) const {
    const std::int64_t end = inner.interior.begin + inner.interior.count;
    const auto sum = [&](std::int64_t first, std::int64_t count) {
      const Pixels<X> pixels = {
          .x = x + outer.First(o) + inner.First(first),
          .offset = offset,
          .x_step = static_cast<std::size_t>(inner.window.stride) * inner.in_step,
          .y_step = inner.out_step,
          .count = static_cast<std::size_t>(count)};
      Behind at = behind;
      at.Advance(static_cast<std::size_t>(first) * inner.out_step);
      SumPixels(TapsOf(outer, o, inner, first), pixels, at);
    };
    for (std::int64_t i = 0; i < inner.interior.begin; ++i) sum(i, 1);
    if (inner.interior.count > 0) sum(inner.interior.begin, inner.interior.count);
    for (std::int64_t i = end; i < inner.window.out; ++i) sum(i, 1);
  }

  // Those of the output (o, i).
  Taps TapsOf(const Axis& outer, std::int64_t o, const Axis& inner, std::int64_t i) const {
    const OutputRange down = outer.inside[static_cast<std::size_t>(o)];
    const OutputRange across = inner.inside[static_cast<std::size_t>(i)];
    const float* weights = weights_.data() +
                           static_cast<std::size_t>(down.begin) * outer.weight_step +
                           static_cast<std::size_t>(across.begin) * inner.weight_step;
    const auto first = static_cast<std::size_t>(down.begin) * lanes_;
    const bool quads = !quads_.empty() && &inner == &columns_ && across.count == 3;
    return {.rows = static_cast<std::size_t>(down.count),
            .columns = static_cast<std::size_t>(across.count),
            .row_step = static_cast<std::size_t>(outer.window.dilation) * outer.in_step,
            .column_step = static_cast<std::size_t>(inner.window.dilation) * inner.in_step,
            .weights = weights,
            .weight_row_step = outer.weight_step,
            .weight_column_step = inner.weight_step,
            .lanes = lanes_,
            .quads = quads ? quads_.data() + first * 4 : nullptr,
            .quad_sums = quads ? quad_sums_.data() + first : nullptr};
  }

  void ArrangeQuads() {
    if (columns_.window.kernel != 3) return;
    const auto rows = static_cast<std::size_t>(rows_.window.kernel);
    quads_.assign(rows * lanes_ * 4, 0);
    quad_sums_.assign(rows * lanes_, 0);
    for (std::size_t i = 0; i < rows * lanes_; ++i) {
      const float* weight = weights_.data() + i / lanes_ * columns_.weight_step * 3 + i % lanes_;
      for (std::size_t c = 0; c < 3; ++c) {
        quads_[i * 4 + c] = static_cast<std::int8_t>(weight[c * columns_.weight_step]);
        quad_sums_[i] += quads_[i * 4 + c];
      }
    }
  }

  // A vector that starts or ends at a pixel of the border has its taps; what it gets wrong is
  // written over by those nearer to the middle.
  template <typename X, typename Behind>
  void SumShared(const X* x, float offset, std::int64_t o, const Behind& behind) const {
    const auto together = static_cast<std::int64_t>(kLanes / channels_);
    const OutputRange interior = columns_.interior;
    // `count` vectors of pixels from `first` on with the taps of output i.
    const auto sum = [&](std::int64_t i, std::int64_t first, std::int64_t count) {
      const std::ptrdiff_t shift = (first - i) * static_cast<std::ptrdiff_t>(channels_);
      const Pixels<X> pixels = {.x = x + rows_.First(o) + columns_.First(i) + shift,
                                .offset = offset,
                                .x_step = kLanes,
                                .y_step = kLanes,
                                .count = static_cast<std::size_t>(count)};
      Behind at = behind;
      at.Advance(static_cast<std::size_t>(first) * channels_);
      SumPixels(TapsOf(rows_, o, columns_, i), pixels, at);
    };
    const std::int64_t end = interior.begin + interior.count;
    for (std::int64_t i = 0; i < interior.begin; ++i) sum(i, i, 1);
    for (std::int64_t i = columns_.window.out - 1; i >= end; --i) sum(i, i + 1 - together, 1);
    sum(interior.begin, interior.begin, interior.count / together);
    if (interior.count % together != 0) sum(interior.begin, end - together, 1);
  }

  std::size_t channels_, lanes_;
  Axis rows_, columns_;
  std::vector<float> weights_;
  std::vector<std::int8_t> quads_;  // see Taps
  std::vector<std::int32_t> quad_sums_;
};

class DepthwiseKernel final : public Kernel {
 public:
  DepthwiseKernel(const Node& node, const Shape& x, const std::vector<ops::Window>& windows)
      : images_(x[0]),
        image_(x[3], windows),
        bounds_(node),
        has_addend_(HasInput(node, 3)),
        bias_(image_.lanes(), 0.0F) {}

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    const std::span<const float> elements = constant.span<float>();
    if (input == 1) image_.Arrange(elements);
    if (input != 2) return;
    for (std::size_t l = 0; l < bias_.size(); ++l) bias_[l] = elements[l % elements.size()];
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const float* x = inputs[0].span<float>().data();
    Finish finish{bias_.data(), has_addend_ ? inputs[3].span<float>().data() : nullptr,
                  outputs[0].span<float>().data(), bounds_.low[0], bounds_.high[0]};
    for (std::int64_t image = 0; image < images_; ++image, x += image_.inputs()) {
      image_.Sum(x, finish);
      finish.Advance(image_.row_outputs() * static_cast<std::size_t>(image_.rows()));
    }
  }

 private:
  std::int64_t images_;
  Image image_;
  Bounds bounds_;
  bool has_addend_;
  std::vector<float> bias_;
};

class DepthwiseBytesKernel final : public Kernel {
 public:
  DepthwiseBytesKernel(const Node& node, const TensorType& x, ByteGrid grid,
                       const std::vector<ops::Window>& windows)
      : x_(x),
        offset_(static_cast<float>(node.attributes.Int("offset", 0))),
        image_(x.shape[3], windows),
        bounds_(node),
        grid_(std::move(grid)),
        multiplier_(image_.lanes()),
        bias_(image_.lanes()) {}

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) return image_.Arrange(constant.span<std::int8_t>());
    const std::span<const float> elements = constant.span<float>();
    std::vector<float>& lanes = input == 2 ? multiplier_ : bias_;
    for (std::size_t l = 0; l < lanes.size(); ++l) lanes[l] = elements[l % elements.size()];
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    if (x_.dtype == DType::kUint8)
      RunAll(inputs[0].span<std::uint8_t>().data(), outputs[0].data);
    else
      RunAll(inputs[0].span<std::int8_t>().data(), outputs[0].data);
  }

 private:
  template <typename X>
  void RunAll(const X* x, void* out) const {
    RoundTo to{multiplier_.data(), bias_.data(),    &grid_,
               bounds_.low[0],     bounds_.high[0], static_cast<std::uint8_t*>(out)};
    for (std::int64_t image = 0; image < x_.shape[0]; ++image, x += image_.inputs()) {
      for (std::int64_t o = 0; o < image_.rows(); ++o, to.Advance(image_.row_outputs()))
        image_.SumRow(x, offset_, o, to);
    }
  }

  TensorType x_;
  float offset_;
  Image image_;
  Bounds bounds_;
  ByteGrid grid_;
  std::vector<float> multiplier_, bias_;  // lanes
};

}  // namespace

struct DepthwiseSums::Filters {
  Image image;
};

DepthwiseSums::DepthwiseSums(std::int64_t channels, const std::vector<ops::Window>& windows)
    : filters_(std::make_unique<Filters>(Image(channels, windows))) {}
DepthwiseSums::~DepthwiseSums() = default;

void DepthwiseSums::BindWeights(ConstTensorRef weights) {
  filters_->image.Arrange(weights.span<std::int8_t>());
}

void DepthwiseSums::Run(const void* image, DType dtype, std::int32_t offset, std::int64_t first,
                        std::int64_t count, float* sums) const {
  const auto run = [&](const auto* x) {
    Keep keep{sums};
    for (std::int64_t o = first; o < first + count; ++o) {
      filters_->image.SumRow(x, static_cast<float>(offset), o, keep);
      keep.Advance(filters_->image.row_outputs());
    }
  };
  if (dtype == DType::kUint8)
    run(static_cast<const std::uint8_t*>(image));
  else
    run(static_cast<const std::int8_t*>(image));
}

// Pixels that share a vector lie side by side, and the middle is wide enough to write over what the
// borders' vectors get wrong.
bool FitsDepthwise(std::int64_t channels, const std::vector<ops::Window>& windows) {
  const auto lanes = static_cast<std::int64_t>(kLanes);
  if (channels >= lanes) return true;
  const ops::Window& columns = windows[1];
  if (channels == 0 || lanes % channels != 0 || columns.stride != 1) return false;
  const std::int64_t border = columns.pad_begin + std::max<std::int64_t>(columns.pad_end, 0);
  return columns.out - border >= 2 * (lanes / channels);
}

std::unique_ptr<Kernel> MakeDepthwise(const Node& node, const Shape& x,
                                      const std::vector<ops::Window>& windows) {
  if (!FitsDepthwise(x[3], windows)) return nullptr;
  return std::make_unique<DepthwiseKernel>(node, x, windows);
}

std::unique_ptr<Kernel> MakeDepthwiseBytes(const Node& node, const TensorType& x,
                                           const TensorType& y,
                                           const std::vector<ops::Window>& windows) {
  if (y.dtype != DType::kUint8 && y.dtype != DType::kInt8) return nullptr;
  auto grid = FindByteGrid(*FindIntegerGrid(node.attributes));
  if (!grid || !RoundsInVectors(*grid)) return nullptr;
  return std::make_unique<DepthwiseBytesKernel>(node, x, *std::move(grid), windows);
}

}  // namespace bw::kernels
