#include "bitwright/runtime/onednn/integer_sums.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "bitwright/graph/integer_grid.h"
#include "bitwright/runtime/onednn/direct/depthwise.h"
#include "bitwright/runtime/onednn/primitive.h"

namespace bw::kernels {
namespace {

using dnnl::memory;
using Type = dnnl::memory::data_type;

// One run of a primitive: an image, or a strip of one where positions do not see each other.
struct Piece {
  Shape source, weights, result;  // [1,H,W,C]; [O,I/group,kh,kw]; [1,H,W,C]
  std::int64_t group = 1, strips = 1, images = 1;
  std::int32_t offset = 0;
  Axes axes;
};

bool IsPointwise(const std::vector<ops::Window>& windows) {
  return std::all_of(windows.begin(), windows.end(), [](const ops::Window& window) {
    return window.kernel == 1 && window.stride == 1 && window.in == window.out;
  });
}

// Strips of equal length, whose sums stay in the second cache.
void CutIntoStrips(Piece& piece) {
  constexpr std::int64_t kMostSums = 32 * 1024;
  const std::int64_t positions = piece.result[1] * piece.result[2];
  std::int64_t strips = 1;
  while (positions / strips * piece.result[3] > kMostSums && strips < positions) {
    do ++strips;
    while (positions % strips != 0);
  }
  piece.strips = strips;
  piece.source = {1, 1, positions / strips, piece.source[3]};
  piece.result = {1, 1, positions / strips, piece.result[3]};
}

Piece MakePiece(const SumsProblem& problem, const Shape& weights) {
  const Shape& x = problem.image;
  Piece piece{.source = {1, x[1], x[2], x[3]},
              .weights = weights,
              .result = {1, problem.windows[0].out, problem.windows[1].out, weights[0]},
              .group = problem.group,
              .images = x[0],
              .offset = problem.input.offset,
              .axes = MakeAxes(problem.windows)};
  if (!IsPointwise(problem.windows)) return piece;
  if (x[1] * x[2] == 1) {
    piece.source = {1, 1, x[0], x[3]};
    piece.result = {1, 1, x[0], weights[0]};
    piece.images = 1;
  }
  CutIntoStrips(piece);
  return piece;
}

memory::dims WeightExtents(const Piece& piece) {
  memory::dims extents = piece.weights;
  if (piece.group > 1) {
    extents[0] /= piece.group;
    extents.insert(extents.begin(), piece.group);
  }
  return extents;
}

memory::desc PlainWeights(const Piece& piece, Type type) {
  const memory::dims extents = WeightExtents(piece);
  memory::dims strides(extents.size(), 1);
  for (std::size_t i = extents.size(); i-- > 1;) strides[i - 1] = strides[i] * extents[i];
  return {extents, type, strides};
}

// The elements that oneDNN multiplies.
Type SourceType(ProductUnit unit, bool negative) {
  if (unit == ProductUnit::kBf16) return Type::bf16;
  if (unit == ProductUnit::kFloat32) return Type::f32;
  return negative ? Type::s8 : Type::u8;
}
Type WeightType(ProductUnit unit) {
  return unit == ProductUnit::kBytes ? Type::s8 : SourceType(unit, true);
}

// One digit of the input times one of the weights.
class DigitProduct {
 public:
  DigitProduct(const Piece& piece, Type source_type, ProductUnit unit, const Digit& input,
               const Digit& weight)
      : unit_(unit), input_(input), weight_(weight) {
    const bool bytes = unit == ProductUnit::kBytes;
    dnnl::primitive_attr attributes = KernelAttributes();
    const bool zero_point = bytes && piece.offset != 0;
    if (zero_point) attributes.set_zero_points(DNNL_ARG_SRC, 0, {DNNL_RUNTIME_S32_VAL});
    const memory::desc source = ChannelsLast(piece.source, source_type);
    const memory::desc result = ChannelsLast(piece.result, bytes ? Type::s32 : Type::f32);
    const auto description = Describe(piece, source, WeightType(unit), result, attributes);
    sums_.resize(static_cast<std::size_t>(ElementCount(piece.result)));
    source_ = Unset(source);
    result_ = memory(result, CpuEngine(), sums_.data());
    outer_ = memory(PlainWeights(piece, bytes ? Type::s8 : Type::f32), CpuEngine());
    inner_ = memory(description.weights_desc(), CpuEngine());
    bind_weights_ = Step::Reorder(outer_, inner_);
    std::vector<std::pair<int, memory>> arguments = {
        {DNNL_ARG_SRC, source_}, {DNNL_ARG_WEIGHTS, inner_}, {DNNL_ARG_DST, result_}};
    if (zero_point) arguments.emplace_back(DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_SRC, Zero(piece));
    convolve_ = Step(description, dnnl::convolution_forward(description), std::move(arguments));
  }

  // int8 or int32.
  void Bind(const Tensor& weights, const dnnl::stream& stream) {
    BW_CHECK(unit_ == ProductUnit::kBytes ||
             GreatestSum(weights, weight_, input_) <= kExactInFloat);
    if (weights.dtype() == DType::kInt8)
      Fill(weights.span<std::int8_t>());
    else
      Fill(weights.span<std::int32_t>());
    bind_weights_.Run(stream);
  }

  void Run(const void* source, const dnnl::stream& stream) {
    Point(source_, source);
    convolve_.Run(stream);
  }

  const void* sums() const { return sums_.data(); }
  double unit() const { return std::ldexp(1.0, input_.shift + weight_.shift); }

 private:
  static memory Zero(const Piece& piece) {
    memory zero({{1}, Type::s32, {1}}, CpuEngine());
    *static_cast<std::int32_t*>(zero.get_data_handle()) = piece.offset;
    return zero;
  }

  static dnnl::convolution_forward::primitive_desc Describe(
      const Piece& piece, const memory::desc& source, Type weights, const memory::desc& result,
      const dnnl::primitive_attr& attributes) {
    const memory::desc any(WeightExtents(piece), weights, memory::format_tag::any);
    return {{dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source, any,
             memory::desc(), result, piece.axes.strides, piece.axes.gaps, piece.axes.before,
             piece.axes.after},
            attributes,
            CpuEngine()};
  }

  template <typename W>
  void Fill(std::span<const W> weights) {
    const auto fill = [&](auto* to) {
      for (std::size_t i = 0; i < weights.size(); ++i)
        to[i] = static_cast<std::remove_pointer_t<decltype(to)>>(WeightDigit(weights[i], weight_));
    };
    if (unit_ == ProductUnit::kBytes)
      fill(static_cast<std::int8_t*>(outer_.get_data_handle()));
    else
      fill(static_cast<float*>(outer_.get_data_handle()));
  }

  ProductUnit unit_;
  Digit input_, weight_;
  std::vector<std::int32_t> sums_;  // or float
  memory source_, outer_, inner_, result_;
  Step bind_weights_, convolve_;
};

// The digits of one run's input, each in memory of its own.
class DigitPlane {
 public:
  DigitPlane(const Digit& digit, Type type, std::size_t count)
      : digit_(digit),
        type_(type),
        plane_(DType::kUint8, {static_cast<std::int64_t>(count * memory::data_type_size(type))}) {}

  const void* Take(DType dtype, const std::byte* source, std::int32_t offset) {
    std::byte* to = reinterpret_cast<std::byte*>(plane_.span<std::uint8_t>().data());
    const std::size_t count = plane_.bytes() / memory::data_type_size(type_);
    DispatchStored(dtype, [&]<typename From>() {
      const auto* from = reinterpret_cast<const From*>(source);
      if (type_ == Type::u8)
        TakeDigit(from, offset, digit_, reinterpret_cast<std::uint8_t*>(to), count);
      else if (type_ == Type::s8)
        TakeDigit(from, offset, digit_, reinterpret_cast<std::int8_t*>(to), count);
      else if (type_ == Type::bf16)
        TakeDigit(from, offset, digit_, reinterpret_cast<std::uint16_t*>(to), count);
      else
        TakeDigit(from, offset, digit_, reinterpret_cast<float*>(to), count);
    });
    return to;
  }

 private:
  Digit digit_;
  Type type_;
  Tensor plane_;
};

// Digits of the input times digits of the weights.
class ProductSums final : public IntegerSums {
 public:
  ProductSums(const SumsProblem& problem, const Piece& piece, const IntegerProducts& products,
              SumsAs as)
      : stream_(CpuEngine()),
        dtype_(problem.dtype),
        offset_(piece.offset),
        count_(static_cast<std::size_t>(ElementCount(piece.result))) {
    const bool bytes = products.unit == ProductUnit::kBytes;
    const bool direct = bytes && dtype_ != DType::kInt32;
    const auto elements = static_cast<std::size_t>(ElementCount(piece.source));
    strip_bytes_ = elements * DTypeBytes(dtype_);
    images_ = static_cast<std::size_t>(piece.images);
    strips_ = static_cast<std::size_t>(piece.strips);
    image_bytes_ = strip_bytes_ * strips_;
    positions_ = static_cast<std::size_t>(piece.result[1] * piece.result[2]);
    for (const Digit& digit : products.input) {
      const bool negative = direct ? dtype_ == DType::kInt8 : digit.low < 0;
      const Type type = SourceType(products.unit, negative);
      if (!direct) planes_.emplace_back(digit, type, elements);
      for (const Digit& weight : products.weights)
        products_.emplace_back(piece, type, products.unit, digit, weight);
    }
    const bool single = products_.size() == 1;
    floats_ = as == SumsAs::kFloat && !(single && bytes);
    parts_are_floats_ = !bytes;
    if (single && parts_are_floats_ == floats_) return;
    if (floats_)
      rounded_.resize(count_);
    else
      whole_.resize(count_);
  }

  void BindWeights(ConstTensorRef constant) override {
    const OneThread guard;
    Tensor weights(constant.dtype, constant.shape);
    std::memcpy(TensorRef(weights).data, constant.data, weights.bytes());
    for (DigitProduct& product : products_) product.Bind(weights, stream_);
  }

  void Run(const std::byte* image, std::size_t strip) override {
    const std::byte* source = image + strip * strip_bytes_;
    const std::size_t each = products_.size() / std::max<std::size_t>(1, planes_.size());
    for (std::size_t p = 0; p < products_.size(); p += each) {
      const void* digits =
          planes_.empty() ? source : planes_[p / each].Take(dtype_, source, offset_);
      for (std::size_t w = 0; w < each; ++w) products_[p + w].Run(digits, stream_);
    }
    sums_ = products_[0].sums();
    if (rounded_.empty() && whole_.empty()) return;
    std::vector<Part> parts;
    for (const DigitProduct& product : products_) parts.push_back({product.sums(), product.unit()});
    if (floats_) {
      AddParts(parts, parts_are_floats_, rounded_.data(), count_);
      sums_ = rounded_.data();
    } else {
      AddParts(parts, parts_are_floats_, whole_.data(), count_);
      sums_ = whole_.data();
    }
  }

 private:
  dnnl::stream stream_;
  DType dtype_;
  std::int32_t offset_;
  std::size_t count_, strip_bytes_ = 0;
  bool parts_are_floats_ = false;
  std::vector<DigitPlane> planes_;      // by digit of the input; empty: its bytes as they stand
  std::vector<DigitProduct> products_;  // by digit of the input, then of the weights
  std::vector<float> rounded_;
  std::vector<std::int32_t> whole_;
};

// One filter for each channel: floats hold the sums.
class ChannelSums final : public IntegerSums {
 public:
  ChannelSums(const SumsProblem& problem, SumsAs as)
      : direct_(problem.image[3], problem.windows),
        dtype_(problem.dtype),
        offset_(problem.input.offset) {
    const Shape& x = problem.image;
    const std::int64_t height = problem.windows[0].out;
    const std::int64_t row = problem.windows[1].out * x[3];
    rows_ = std::clamp<std::int64_t>(kMostSums / row, 1, height);
    while (height % rows_ != 0) --rows_;
    images_ = static_cast<std::size_t>(x[0]);
    image_bytes_ = static_cast<std::size_t>(x[1] * x[2] * x[3]);
    strips_ = static_cast<std::size_t>(height / rows_);
    positions_ = static_cast<std::size_t>(rows_ * problem.windows[1].out);
    floats_ = as == SumsAs::kFloat;
    rounded_.resize(static_cast<std::size_t>(rows_ * row));
    if (!floats_) whole_.resize(rounded_.size());
  }

  void BindWeights(ConstTensorRef weights) override { direct_.BindWeights(weights); }

  void Run(const std::byte* image, std::size_t strip) override {
    direct_.Run(image, dtype_, offset_, static_cast<std::int64_t>(strip) * rows_, rows_,
                rounded_.data());
    sums_ = rounded_.data();
    if (floats_) return;
    AddParts({{rounded_.data(), 1.0}}, true, whole_.data(), whole_.size());
    sums_ = whole_.data();
  }

 private:
  static constexpr std::int64_t kMostSums = 16 * 1024;

  DepthwiseSums direct_;
  DType dtype_;
  std::int32_t offset_;
  std::int64_t rows_ = 1;  // of a strip
  std::vector<float> rounded_;
  std::vector<std::int32_t> whole_;
};

}  // namespace

bool TakesSingleChannels(const SumsProblem& problem, const Tensor& weights) {
  const Shape& w = weights.shape();
  const std::int64_t channels = problem.image[3];
  const bool each = problem.group == channels && w[0] == channels && w[1] == 1;
  const bool bytes = problem.dtype != DType::kInt32 && weights.dtype() == DType::kInt8;
  const double greatest = static_cast<double>(w[2] * w[3]) * 128 *
                          static_cast<double>(std::max(-problem.input.low, problem.input.high));
  return each && bytes && greatest <= kExactInFloat && FitsDepthwise(channels, problem.windows);
}

std::unique_ptr<IntegerSums> MakeIntegerSums(const SumsProblem& problem, const Tensor& weights,
                                             SumsAs as) {
  if (TakesSingleChannels(problem, weights)) return std::make_unique<ChannelSums>(problem, as);
  const auto products = ChooseProducts(problem.input, weights);
  if (!products) return nullptr;
  return std::make_unique<ProductSums>(problem, MakePiece(problem, weights.shape()), *products, as);
}

}  // namespace bw::kernels
