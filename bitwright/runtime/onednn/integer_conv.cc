// IntegerConv: oneDNN's int8 convolution with 32-bit sums where the machine has VNNI, and its
// float32 convolution of the same integers where no sum can reach 2^24: both are exact. The
// arithmetic behind the sums is ours.

#include <algorithm>
#include <limits>

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/graph/window.h"
#include "bitwright/runtime/onednn/axes.h"
#include "bitwright/runtime/onednn/bytes.h"
#include "bitwright/runtime/onednn/primitive.h"

namespace bw::kernels {
namespace {

using dnnl::memory;
using Type = dnnl::memory::data_type;

// Products of bytes are added in pairs in 16 bits on machines without it, and saturate.
bool HasExactBytes() {
  using dnnl::cpu_isa;
  const cpu_isa isa = dnnl::get_effective_cpu_isa();
  return isa == cpu_isa::avx512_core_vnni || isa == cpu_isa::avx512_core_bf16 ||
         isa == cpu_isa::avx512_core_amx || isa == cpu_isa::avx2_vnni;
}

// [1, H, W, C] in memory, seen as [1, C, H, W].
memory::desc ChannelsLast(const Shape& bytes, Type type) {
  const std::int64_t h = bytes[1], w = bytes[2], c = bytes[3];
  return {{1, c, h, w}, type, {h * w * c, 1, w * c, c}};
}

// The output's side: where sums go.
class Sink {
 public:
  // `rows`: images of one position each, seen as the positions of one image.
  Sink(const Node& node, const TensorType& output, std::size_t channels, std::size_t positions,
       bool rows)
      : channels_(channels),
        positions_(positions),
        to_floats_(output.dtype == DType::kFloat32),
        rows_(rows) {
    values_.resize(std::max<std::size_t>(1, kPiece / channels) * channels);
    multiplier_.resize(values_.size());
    bias_.resize(values_.size());
    if (to_floats_) return;
    rounder_.emplace(*FindIntegerGrid(node.attributes));
    uniform_ = FindUniformGrid(rounder_->grid());
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

  std::size_t image_bytes() const { return positions_ * channels_ * (to_floats_ ? 4 : 1); }

  // Sums [count][channels] of the positions from `first` on, to the elements of the image at `out`.
  void Take(const std::int32_t* sums, std::size_t first, std::size_t count, std::byte* out) {
    const std::size_t total = count * channels_;
    for (std::size_t i = 0; i < total; i += values_.size()) {
      TakePiece(sums + i, first * channels_ + i, std::min(values_.size(), total - i), out);
    }
  }

 private:
  // Short enough that a doubtful value in it, which costs a second pass, is rare.
  static constexpr std::size_t kPiece = 1024;

  // `place` counts elements of the image, channels last.
  void TakePiece(const std::int32_t* sums, std::size_t place, std::size_t count, std::byte* out) {
    if (uniform_ && AffineToBytes(sums, multiplier_.data(), bias_.data(), low_, high_, *uniform_,
                                  rounder_->grid().dtype, out + place, count)) {
      return;
    }
    Affine(sums, multiplier_.data(), bias_.data(), values_.data(), count);
    if (to_floats_ && rows_) {
      std::copy_n(values_.data(), count, reinterpret_cast<float*>(out) + place);
      return;
    }
    if (to_floats_) {
      return PutFloats(place / channels_, count / channels_, reinterpret_cast<float*>(out));
    }
    if (clips_) ClipTo(values_.data(), low_, high_, count);
    rounder_->Round({values_.data(), count});
    ValuesToBytes(values_.data(), rounder_->grid(), out + place, count);
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

  std::size_t channels_, positions_;
  bool to_floats_, rows_;
  bool clips_ = false;
  float low_ = 0, high_ = 0;
  std::optional<GridRounder> rounder_;
  std::optional<UniformGrid> uniform_;
  std::vector<float> values_, multiplier_, bias_;
};

// One run of the primitive: an image, or a strip of one where positions do not see each other.
struct Problem {
  Shape source, weights, result;  // [1,H,W,C]; [O,I,kh,kw]; [1,H,W,C]
  Type source_type = Type::u8;
  std::int64_t group = 1;
  std::int32_t offset = 0;
  Axes axes;
  std::int64_t strips = 1;  // of an image
};

bool IsPointwise(const std::vector<ops::Window>& windows) {
  return std::all_of(windows.begin(), windows.end(), [](const ops::Window& window) {
    return window.kernel == 1 && window.stride == 1 && window.in == window.out;
  });
}

// A pointwise convolution goes over an image in strips of equal length, so that its sums stay in
// the second cache.
void CutIntoStrips(Problem& problem) {
  constexpr std::int64_t kMostSums = 64 * 1024;
  const std::int64_t positions = problem.result[1] * problem.result[2];
  std::int64_t strips = 1;
  while (positions / strips * problem.result[3] > kMostSums && strips < positions) {
    do ++strips;
    while (positions % strips != 0);
  }
  problem.strips = strips;
  problem.source = {1, 1, positions / strips, problem.source[3]};
  problem.result = {1, 1, positions / strips, problem.result[3]};
}

memory::dims WeightExtents(const Problem& problem) {
  memory::dims extents = problem.weights;
  if (problem.group > 1) {
    extents[0] /= problem.group;
    extents.insert(extents.begin(), problem.group);
  }
  return extents;
}

memory::desc PlainWeights(const Problem& problem, Type type) {
  const memory::dims extents = WeightExtents(problem);
  memory::dims strides(extents.size(), 1);
  for (std::size_t i = extents.size(); i-- > 1;) strides[i - 1] = strides[i] * extents[i];
  return {extents, type, strides};
}

// Integers up to here and their sums are exact in float32.
constexpr double kExactFloats = 0x1p24;

// Greatest possible |sum|, partial sums included, of these weights [O, ...] with any bytes.
double GreatestSum(std::span<const std::int8_t> weights, std::int64_t outputs,
                   std::int32_t offset) {
  const std::size_t terms = weights.size() / static_cast<std::size_t>(outputs);
  double most = 0;
  for (std::size_t first = 0; first < weights.size(); first += terms) {
    double sum = 0;
    for (const std::int8_t weight : weights.subspan(first, terms)) sum += std::abs(weight);
    most = std::max(most, sum);
  }
  return most * (255 + std::abs(static_cast<double>(offset)));
}

class IntegerConvKernel final : public Kernel {
 public:
  IntegerConvKernel(const Problem& problem, Sink sink, std::int64_t images, bool bytes)
      : stream_(CpuEngine()),
        sink_(std::move(sink)),
        images_(images),
        strips_(problem.strips),
        source_elements_(ElementCount(problem.source)),
        positions_(static_cast<std::size_t>(problem.result[1] * problem.result[2])),
        offset_(problem.offset),
        outputs_(problem.weights[0]) {
    sums_.resize(static_cast<std::size_t>(ElementCount(problem.result)));
    bytes ? ConnectBytes(problem) : ConnectFloats(problem);
  }

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) BindWeights(constant.span<std::int8_t>());
    if (input == 2) multiplier_ = constant.span<float>();
    if (input == 3) bias_ = constant.span<float>();
    if (!multiplier_.empty() && !bias_.empty()) sink_.Bind(multiplier_, bias_);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const OneThread guard;
    const auto* source = static_cast<const std::byte*>(inputs[0].data);
    auto* out = static_cast<std::byte*>(outputs[0].data);
    for (std::int64_t i = 0; i < images_; ++i, out += sink_.image_bytes()) {
      for (std::int64_t strip = 0; strip < strips_; ++strip, source += source_elements_) {
        Convolve(inputs[0].dtype, source);
        sink_.Take(sums_.data(), static_cast<std::size_t>(strip) * positions_, positions_, out);
      }
    }
  }

 private:
  void ConnectBytes(const Problem& problem) {
    dnnl::primitive_attr attributes = KernelAttributes();
    if (problem.offset != 0) attributes.set_zero_points(DNNL_ARG_SRC, 0, {DNNL_RUNTIME_S32_VAL});
    const memory::desc source = ChannelsLast(problem.source, problem.source_type);
    const memory::desc result = ChannelsLast(problem.result, Type::s32);
    const auto description = Describe(problem, source, Type::s8, result, attributes);
    source_ = Unset(source);
    result_ = memory(result, CpuEngine(), sums_.data());
    MakeWeights(problem, Type::s8, description.weights_desc());
    std::vector<std::pair<int, memory>> arguments = {
        {DNNL_ARG_SRC, source_}, {DNNL_ARG_WEIGHTS, inner_}, {DNNL_ARG_DST, result_}};
    if (problem.offset != 0) {
      const memory zero({{1}, Type::s32, {1}}, CpuEngine());
      *static_cast<std::int32_t*>(zero.get_data_handle()) = problem.offset;
      arguments.emplace_back(DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_SRC, zero);
    }
    convolve_ = Step(description, dnnl::convolution_forward(description), std::move(arguments));
  }

  void ConnectFloats(const Problem& problem) {
    floats_.resize(static_cast<std::size_t>(ElementCount(problem.source)));
    float_sums_.resize(sums_.size());
    const memory::desc source = ChannelsLast(problem.source, Type::f32);
    const memory::desc result = ChannelsLast(problem.result, Type::f32);
    const auto description = Describe(problem, source, Type::f32, result, KernelAttributes());
    source_ = memory(source, CpuEngine(), floats_.data());
    result_ = memory(result, CpuEngine(), float_sums_.data());
    MakeWeights(problem, Type::f32, description.weights_desc());
    convolve_ =
        Step(description, dnnl::convolution_forward(description),
             {{DNNL_ARG_SRC, source_}, {DNNL_ARG_WEIGHTS, inner_}, {DNNL_ARG_DST, result_}});
  }

  static dnnl::convolution_forward::primitive_desc Describe(
      const Problem& problem, const memory::desc& source, Type weights, const memory::desc& result,
      const dnnl::primitive_attr& attributes) {
    const memory::desc any(WeightExtents(problem), weights, memory::format_tag::any);
    return {{dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source, any,
             memory::desc(), result, problem.axes.strides, problem.axes.gaps, problem.axes.before,
             problem.axes.after},
            attributes,
            CpuEngine()};
  }

  void MakeWeights(const Problem& problem, Type type, const memory::desc& inner) {
    outer_ = memory(PlainWeights(problem, type), CpuEngine());
    inner_ = memory(inner, CpuEngine());
    bind_weights_ = Step::Reorder(outer_, inner_);
  }

  void BindWeights(std::span<const std::int8_t> integers) {
    const OneThread guard;
    BW_CHECK(floats_.empty() || GreatestSum(integers, outputs_, offset_) <= kExactFloats);
    if (floats_.empty()) {
      std::copy(integers.begin(), integers.end(),
                static_cast<std::int8_t*>(outer_.get_data_handle()));
    } else {
      std::copy(integers.begin(), integers.end(), static_cast<float*>(outer_.get_data_handle()));
    }
    bind_weights_.Run(stream_);
  }

  void Convolve(DType dtype, const std::byte* source) {
    if (!floats_.empty()) return RunFloats(dtype, source);
    Point(source_, source);
    convolve_.Run(stream_);
  }

  void RunFloats(DType dtype, const std::byte* source) {
    const auto fill = [&](const auto* bytes) {
      for (std::size_t i = 0; i < floats_.size(); ++i)
        floats_[i] = static_cast<float>(static_cast<std::int32_t>(bytes[i]) - offset_);
    };
    if (dtype == DType::kUint8)
      fill(reinterpret_cast<const std::uint8_t*>(source));
    else
      fill(reinterpret_cast<const std::int8_t*>(source));
    convolve_.Run(stream_);
    for (std::size_t i = 0; i < sums_.size(); ++i)
      sums_[i] = static_cast<std::int32_t>(float_sums_[i]);
  }

  dnnl::stream stream_;
  Sink sink_;
  std::int64_t images_, strips_, source_elements_;
  std::size_t positions_;  // of one run
  std::int32_t offset_;
  std::int64_t outputs_;  // channels
  std::span<const float> multiplier_, bias_;
  std::vector<std::int32_t> sums_;  // of one run
  std::vector<float> floats_, float_sums_;
  memory source_, outer_, inner_, result_;
  Step bind_weights_, convolve_;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (constants[1] == nullptr || constants[2] == nullptr || constants[3] == nullptr) return nullptr;
  const Shape& x = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  const std::int64_t in[] = {x[1], x[2]}, kernel[] = {w[2], w[3]};
  const auto windows = ops::MakeWindows(node.attributes, in, kernel, ops::Rounding::kFloor);
  if (!windows) return nullptr;
  const bool pointwise = IsPointwise(*windows);
  const bool rows = pointwise && x[1] * x[2] == 1;  // a product of matrices
  const Shape source = rows ? Shape{1, 1, x[0], x[3]} : Shape{1, x[1], x[2], x[3]};
  const Shape result =
      rows ? Shape{1, 1, x[0], w[0]} : Shape{1, (*windows)[0].out, (*windows)[1].out, w[0]};
  Problem problem{source,
                  w,
                  result,
                  inputs[0].dtype == DType::kUint8 ? Type::u8 : Type::s8,
                  node.attributes.Int("group", 1),
                  static_cast<std::int32_t>(node.attributes.Int("offset", 0)),
                  MakeAxes(*windows)};
  if (pointwise) CutIntoStrips(problem);
  const bool bytes = HasExactBytes();
  const auto weights = constants[1]->span<std::int8_t>();
  if (!bytes && GreatestSum(weights, w[0], problem.offset) > kExactFloats) return nullptr;
  return TryMake([&] {
    Sink sink(node, outputs[0], static_cast<std::size_t>(w[0]),
              static_cast<std::size_t>(result[1] * result[2]), rows);
    return std::make_unique<IntegerConvKernel>(problem, std::move(sink), rows ? 1 : x[0], bytes);
  });
}

}  // namespace

BW_ENTRY(KernelBinding, integer_conv) = {"IntegerConv", Make};

}  // namespace bw::kernels
