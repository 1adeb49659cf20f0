#include "bitwright/runtime/onednn/direct/channelwise.h"

#include <algorithm>
#include <set>

#include "bitwright/runtime/onednn/vector.h"

namespace bw::kernels {
namespace {

constexpr std::size_t kBlock = 4 * kLanes;

std::size_t RoundUp(std::size_t count, std::size_t step) {
  return (count + step - 1) / step * step;
}

std::int64_t CeilDiv(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

struct Taps {
  const std::ptrdiff_t* offsets;
  const float* weights;
  std::size_t count;
};

// result[i] = bias + sum over t of weights[t] * source[offsets[t] + i]; count is a multiple of
// kLanes.
BW_VECTORIZE void SumTaps(const float* source, Taps taps, float bias, float* result,
                          std::size_t count) {
  std::size_t i = 0;
  for (; i + kBlock <= count; i += kBlock) {
    Lanes a = bias - Lanes{};
    Lanes b = a;
    Lanes c = a;
    Lanes d = a;
    for (std::size_t t = 0; t < taps.count; ++t) {
      const auto* x = reinterpret_cast<const Lanes*>(source + taps.offsets[t] + i);
      a += taps.weights[t] * x[0];
      b += taps.weights[t] * x[1];
      c += taps.weights[t] * x[2];
      d += taps.weights[t] * x[3];
    }
    auto* y = reinterpret_cast<Lanes*>(result + i);
    y[0] = a;
    y[1] = b;
    y[2] = c;
    y[3] = d;
  }
  for (; i < count; i += kLanes) {
    Lanes a = bias - Lanes{};
    for (std::size_t t = 0; t < taps.count; ++t) {
      a += taps.weights[t] * *reinterpret_cast<const Lanes*>(source + taps.offsets[t] + i);
    }
    *reinterpret_cast<Lanes*>(result + i) = a;
  }
}

template <std::size_t kSize>
void CopyEnds(const float* from, float* to, std::size_t count) {
  float begin[kSize];
  float end[kSize];
  std::memcpy(begin, from, sizeof(begin));
  std::memcpy(end, from + count - kSize, sizeof(end));
  std::memcpy(to, begin, sizeof(begin));
  std::memcpy(to + count - kSize, end, sizeof(end));
}

// memcpy for rows that are mostly short: two overlapping pieces of fixed size need no call and no
// loop.
inline void CopyRow(const float* from, float* to, std::size_t count) {
  if (count > 16) {
    std::memcpy(to, from, count * sizeof(float));
  } else if (count >= 8) {
    CopyEnds<8>(from, to, count);
  } else if (count >= 4) {
    CopyEnds<4>(from, to, count);
  } else {
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
  }
}

using Quad = float __attribute__((vector_size(16), aligned(4), may_alias));
using QuadIndex = int __attribute__((vector_size(16)));

// to[i] = from[i * stride]; reads nothing behind the last of them.
inline void Gather(const float* from, std::size_t stride, float* to, std::size_t count) {
  if (stride == 1) return CopyRow(from, to, count);
  std::size_t i = 0;
  if (stride == 2) {
    for (; i + 4 < count; i += 4) {
      const auto* x = reinterpret_cast<const Quad*>(from + 2 * i);
      *reinterpret_cast<Quad*>(to + i) = __builtin_shuffle(x[0], x[1], QuadIndex{0, 2, 4, 6});
    }
  }
  for (; i < count; ++i) to[i] = from[stride * i];
}

// A run of positions that one phase of a strided, padded axis has in the input.
struct Phase {
  std::int64_t begin = 0;  // first position inside the input
  std::int64_t count = 0;
  std::int64_t first = 0;  // input index of `begin`
};

Phase MakePhase(const ops::Window& axis, std::int64_t phase, std::int64_t extent) {
  Phase result;
  result.begin = phase >= axis.pad_begin ? 0 : CeilDiv(axis.pad_begin - phase, axis.stride);
  result.first = result.begin * axis.stride + phase - axis.pad_begin;
  const std::int64_t end = CeilDiv(axis.in + axis.pad_begin - phase, axis.stride);
  result.count = std::max<std::int64_t>(0, std::min(end, extent) - result.begin);
  return result;
}

// An input plane is copied with its padding into one plane for each phase of the strides. There
// output (h, w) lies at i = h * pitch + w and every tap reads at i plus a constant, so a whole
// plane of outputs is one long vector loop, however narrow its rows; the sums between rows are
// thrown away.
class ChannelwiseKernel final : public Kernel {
 public:
  ChannelwiseKernel(const Shape& input, const Shape& output,
                    const std::vector<ops::Window>& windows)
      : images_(input[0]), channels_(output[1]), multiplier_(output[1] / input[1]) {
    const auto axes = ops::ThreeAxes(windows);
    rows_ = axes[1];
    columns_ = axes[2];
    height_ = CeilDiv((rows_.out - 1) * rows_.stride + rows_.reach(), rows_.stride);
    pitch_ = CeilDiv((columns_.out - 1) * columns_.stride + columns_.reach(), columns_.stride);
    const std::int64_t phases = rows_.stride * columns_.stride;
    PlaceTaps();
    PlaceRows();
    count_ = RoundUp(static_cast<std::size_t>((rows_.out - 1) * pitch_ + columns_.out), kLanes);
    planes_.assign(static_cast<std::size_t>(phases * height_ * pitch_) + kLanes, 0.0F);
    sums_.assign(count_, 0.0F);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const float* source = inputs[0].span<float>().data();
    const float* weights = inputs[1].span<float>().data();
    const float* bias =
        inputs.size() > 2 && inputs[2].data != nullptr ? inputs[2].span<float>().data() : nullptr;
    float* result = outputs[0].span<float>().data();
    for (std::int64_t plane = 0; plane < images_ * channels_; ++plane) {
      const std::int64_t channel = plane % channels_;
      if (channel % multiplier_ == 0)
        FillPhases(source + plane / multiplier_ * rows_.in * columns_.in);
      const Taps taps{offsets_.data(),
                      weights + channel * static_cast<std::int64_t>(offsets_.size()),
                      offsets_.size()};
      SumTaps(planes_.data(), taps, bias != nullptr ? bias[channel] : 0.0F, sums_.data(), count_);
      StorePlane(result + plane * rows_.out * columns_.out);
    }
  }

 private:
  // A part of an input row and its place in a phase plane.
  struct Row {
    std::int64_t from, to;
    std::size_t count;
  };

  void PlaceTaps() {
    for (std::int64_t h = 0; h < rows_.kernel; ++h) {
      for (std::int64_t w = 0; w < columns_.kernel; ++w) {
        const std::int64_t row = h * rows_.dilation;
        const std::int64_t column = w * columns_.dilation;
        const std::int64_t phase = row % rows_.stride * columns_.stride + column % columns_.stride;
        used_.insert(phase);
        offsets_.push_back((phase * height_ + row / rows_.stride) * pitch_ +
                           column / columns_.stride);
      }
    }
  }

  // Phases that no tap reads are left out.
  void PlaceRows() {
    for (const std::int64_t phase : used_) {
      const Phase down = MakePhase(rows_, phase / columns_.stride, height_);
      const Phase across = MakePhase(columns_, phase % columns_.stride, pitch_);
      if (across.count == 0) continue;
      for (std::int64_t r = 0; r < down.count; ++r) {
        copies_.push_back({(down.first + r * rows_.stride) * columns_.in + across.first,
                           (phase * height_ + down.begin + r) * pitch_ + across.begin,
                           static_cast<std::size_t>(across.count)});
      }
    }
  }

  // The padding was zeroed once and is never written.
  void FillPhases(const float* source) {
    const auto stride = static_cast<std::size_t>(columns_.stride);
    for (const Row& row : copies_) {
      Gather(source + row.from, stride, planes_.data() + row.to, row.count);
    }
  }

  void StorePlane(float* result) const {
    const auto count = static_cast<std::size_t>(columns_.out);
    for (std::int64_t h = 0; h < rows_.out; ++h) {
      CopyRow(sums_.data() + h * pitch_, result + h * columns_.out, count);
    }
  }

  std::int64_t images_, channels_, multiplier_;
  ops::Window rows_, columns_;
  std::int64_t height_ = 0, pitch_ = 0;  // of a phase plane
  std::set<std::int64_t> used_;          // phases that a tap reads
  std::vector<Row> copies_;
  std::vector<std::ptrdiff_t> offsets_;  // of the taps
  std::size_t count_ = 0;
  std::vector<float> planes_, sums_;
};

}  // namespace

bool IsChannelwise(const Shape& weight) {
  return weight[1] == 1 && (weight.size() == 3 || weight.size() == 4);
}

std::unique_ptr<Kernel> MakeChannelwise(const Shape& input, const Shape& output,
                                        const std::vector<ops::Window>& windows) {
  return std::make_unique<ChannelwiseKernel>(input, output, windows);
}

}  // namespace bw::kernels
