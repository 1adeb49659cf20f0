// IntegerConv: oneDNN's convolutions of bytes with 32-bit sums where the machine has VNNI, of bf16
// or float32 where no sum can pass 2^24: all are exact. The arithmetic behind the sums is ours.

#include <algorithm>

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/graph/window.h"
#include "bitwright/runtime/onednn/axes.h"
#include "bitwright/runtime/onednn/integer_products.h"
#include "bitwright/runtime/onednn/integer_sink.h"
#include "bitwright/runtime/onednn/primitive.h"

namespace bw::kernels {
namespace {

using dnnl::memory;
using Type = dnnl::memory::data_type;

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
  DigitProduct(const Problem& problem, ProductUnit unit, const Digit& input, const Digit& weight)
      : unit_(unit), input_(input), weight_(weight) {
    const bool bytes = unit == ProductUnit::kBytes;
    dnnl::primitive_attr attributes = KernelAttributes();
    const bool zero_point = bytes && problem.offset != 0;
    if (zero_point) attributes.set_zero_points(DNNL_ARG_SRC, 0, {DNNL_RUNTIME_S32_VAL});
    const memory::desc source = ChannelsLast(problem.source, problem.source_type);
    const memory::desc result = ChannelsLast(problem.result, bytes ? Type::s32 : Type::f32);
    const auto description = Describe(problem, source, WeightType(unit), result, attributes);
    sums_.resize(static_cast<std::size_t>(ElementCount(problem.result)));
    source_ = Unset(source);
    result_ = memory(result, CpuEngine(), sums_.data());
    outer_ = memory(PlainWeights(problem, bytes ? Type::s8 : Type::f32), CpuEngine());
    inner_ = memory(description.weights_desc(), CpuEngine());
    bind_weights_ = Step::Reorder(outer_, inner_);
    std::vector<std::pair<int, memory>> arguments = {
        {DNNL_ARG_SRC, source_}, {DNNL_ARG_WEIGHTS, inner_}, {DNNL_ARG_DST, result_}};
    if (zero_point) arguments.emplace_back(DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_SRC, Zero(problem));
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
  static memory Zero(const Problem& problem) {
    memory zero({{1}, Type::s32, {1}}, CpuEngine());
    *static_cast<std::int32_t*>(zero.get_data_handle()) = problem.offset;
    return zero;
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

class IntegerConvKernel final : public Kernel {
 public:
  IntegerConvKernel(Problem problem, IntegerSink sink, std::int64_t images, DType input,
                    const IntegerProducts& products)
      : stream_(CpuEngine()),
        sink_(std::move(sink)),
        images_(images),
        strips_(problem.strips),
        elements_(static_cast<std::size_t>(ElementCount(problem.source))),
        positions_(static_cast<std::size_t>(problem.result[1] * problem.result[2])),
        sums_(positions_ * static_cast<std::size_t>(problem.result[3])),
        input_(input),
        offset_(problem.offset),
        floats_(products.unit != ProductUnit::kBytes),
        direct_(!floats_ && input != DType::kInt32) {
    for (const Digit& digit : products.input) {
      const bool negative = direct_ ? input == DType::kInt8 : digit.low < 0;
      problem.source_type = SourceType(products.unit, negative);
      if (!direct_) planes_.emplace_back(digit, problem.source_type, elements_);
      for (const Digit& weight : products.weights)
        products_.emplace_back(problem, products.unit, digit, weight);
    }
    if (products_.size() > 1) total_.resize(sums_);
  }

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) BindWeights(constant);
    if (input == 2) multiplier_ = constant.span<float>();
    if (input == 3) bias_ = constant.span<float>();
    if (!multiplier_.empty() && !bias_.empty()) sink_.Bind(multiplier_, bias_);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const OneThread guard;
    const auto* source = static_cast<const std::byte*>(inputs[0].data);
    auto* out = static_cast<std::byte*>(outputs[0].data);
    for (std::int64_t i = 0; i < images_; ++i, out += sink_.image_bytes()) {
      for (std::int64_t strip = 0; strip < strips_; ++strip) {
        Multiply(source);
        TakeSums(static_cast<std::size_t>(strip) * positions_, out);
        source += elements_ * DTypeBytes(input_);
      }
    }
  }

 private:
  void BindWeights(ConstTensorRef constant) {
    const OneThread guard;
    Tensor weights(constant.dtype, constant.shape);
    std::memcpy(TensorRef(weights).data, constant.data, weights.bytes());
    for (DigitProduct& product : products_) product.Bind(weights, stream_);
  }

  void Multiply(const std::byte* source) {
    const std::size_t planes = std::max<std::size_t>(1, planes_.size());
    const std::size_t each = products_.size() / planes;  // products of one digit of the input
    for (std::size_t p = 0; p < planes; ++p) {
      const void* digits = direct_ ? source : planes_[p].Take(input_, source, offset_);
      for (std::size_t w = 0; w < each; ++w) products_[p * each + w].Run(digits, stream_);
    }
  }

  void TakeSums(std::size_t first, std::byte* out) {
    const void* sums = products_[0].sums();
    if (products_.size() > 1) {
      std::vector<Part> parts;
      for (const DigitProduct& product : products_)
        parts.push_back({product.sums(), product.unit()});
      AddParts(parts, floats_, total_.data(), sums_);
      sums = total_.data();
    }
    if (floats_ || products_.size() > 1)
      sink_.Take(static_cast<const float*>(sums), first, positions_, out);
    else
      sink_.Take(static_cast<const std::int32_t*>(sums), first, positions_, out);
  }

  dnnl::stream stream_;
  IntegerSink sink_;
  std::int64_t images_, strips_;
  std::size_t elements_, positions_, sums_;  // of one run
  DType input_;
  std::int32_t offset_;
  bool floats_;  // sums are
  bool direct_;  // the input's bytes are multiplied as they stand
  std::span<const float> multiplier_, bias_;
  std::vector<DigitPlane> planes_;
  std::vector<DigitProduct> products_;  // by digit of the input, then of the weights
  std::vector<float> total_;
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (constants[1] == nullptr || constants[2] == nullptr || constants[3] == nullptr) return nullptr;
  const Shape& x = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  const std::int64_t in[] = {x[1], x[2]}, kernel[] = {w[2], w[3]};
  const auto windows = ops::MakeWindows(node.attributes, in, kernel, ops::Rounding::kFloor);
  const auto products = ChooseProducts(node, *constants[1]);
  if (!windows || !products) return nullptr;
  const bool pointwise = IsPointwise(*windows);
  const bool rows = pointwise && x[1] * x[2] == 1;  // a product of matrices
  const Shape source = rows ? Shape{1, 1, x[0], x[3]} : Shape{1, x[1], x[2], x[3]};
  const Shape result =
      rows ? Shape{1, 1, x[0], w[0]} : Shape{1, (*windows)[0].out, (*windows)[1].out, w[0]};
  Problem problem{.source = source,
                  .weights = w,
                  .result = result,
                  .group = node.attributes.Int("group", 1),
                  .offset = static_cast<std::int32_t>(node.attributes.Int("offset", 0)),
                  .axes = MakeAxes(*windows)};
  if (pointwise) CutIntoStrips(problem);
  return TryMake([&] {
    const auto order = rows ? ops::Order::kLast : ops::OrderOf(node);
    IntegerSink sink(node, outputs[0], static_cast<std::size_t>(w[0]),
                     static_cast<std::size_t>(result[1] * result[2]), order);
    return std::make_unique<IntegerConvKernel>(problem, std::move(sink), rows ? 1 : x[0],
                                               inputs[0].dtype, *products);
  });
}

}  // namespace

BW_ENTRY(KernelBinding, integer_conv) = {"IntegerConv", Make};

}  // namespace bw::kernels
