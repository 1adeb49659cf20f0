#include "bitwright/runtime/onednn/integer_sums.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "bitwright/graph/integer_grid.h"
#include "bitwright/runtime/onednn/primitive.h"

namespace bw::kernels {
namespace {

using dnnl::memory;
using Type = dnnl::memory::data_type;

bool IsPointwise(const std::vector<ops::Window>& windows) {
  return std::all_of(windows.begin(), windows.end(), [](const ops::Window& window) {
    return window.kernel == 1 && window.stride == 1 && window.in == window.out;
  });
}

void CutIntoStrips(SumsProblem& problem) {
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

memory::dims WeightExtents(const SumsProblem& problem) {
  memory::dims extents = problem.weights;
  if (problem.group > 1) {
    extents[0] /= problem.group;
    extents.insert(extents.begin(), problem.group);
  }
  return extents;
}

memory::desc PlainWeights(const SumsProblem& problem, Type type) {
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
  DigitProduct(const SumsProblem& problem, Type source_type, ProductUnit unit, const Digit& input,
               const Digit& weight)
      : unit_(unit), input_(input), weight_(weight) {
    const bool bytes = unit == ProductUnit::kBytes;
    dnnl::primitive_attr attributes = KernelAttributes();
    const bool zero_point = bytes && problem.offset != 0;
    if (zero_point) attributes.set_zero_points(DNNL_ARG_SRC, 0, {DNNL_RUNTIME_S32_VAL});
    const memory::desc source = ChannelsLast(problem.source, source_type);
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
  static memory Zero(const SumsProblem& problem) {
    memory zero({{1}, Type::s32, {1}}, CpuEngine());
    *static_cast<std::int32_t*>(zero.get_data_handle()) = problem.offset;
    return zero;
  }

  static dnnl::convolution_forward::primitive_desc Describe(
      const SumsProblem& problem, const memory::desc& source, Type weights,
      const memory::desc& result, const dnnl::primitive_attr& attributes) {
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

}  // namespace

struct IntegerSums::Products {
  dnnl::stream stream{CpuEngine()};
  std::vector<DigitPlane> planes;      // by digit of the input; empty: its bytes as they stand
  std::vector<DigitProduct> products;  // by digit of the input, then of the weights
};

SumsProblem MakeSumsProblem(const Shape& x, DType input, const Shape& weights,
                            const std::vector<ops::Window>& windows) {
  SumsProblem problem{.source = {1, x[1], x[2], x[3]},
                      .weights = weights,
                      .result = {1, windows[0].out, windows[1].out, weights[0]},
                      .input = input,
                      .axes = MakeAxes(windows),
                      .images = x[0]};
  if (!IsPointwise(windows)) return problem;
  if (x[1] * x[2] == 1) {
    problem.source = {1, 1, x[0], x[3]};
    problem.result = {1, 1, x[0], weights[0]};
    problem.images = 1;
  }
  CutIntoStrips(problem);
  return problem;
}

IntegerSums::IntegerSums(const SumsProblem& problem, const IntegerProducts& products, SumsAs as)
    : input_(problem.input),
      offset_(problem.offset),
      source_bytes_(static_cast<std::size_t>(ElementCount(problem.source)) *
                    DTypeBytes(problem.input)),
      positions_(static_cast<std::size_t>(problem.result[1] * problem.result[2])),
      count_(positions_ * static_cast<std::size_t>(problem.result[3])),
      strips_(static_cast<std::size_t>(problem.strips)),
      products_(std::make_unique<Products>()) {
  const bool bytes = products.unit == ProductUnit::kBytes;
  const bool direct = bytes && input_ != DType::kInt32;
  for (const Digit& digit : products.input) {
    const bool negative = direct ? input_ == DType::kInt8 : digit.low < 0;
    const Type type = SourceType(products.unit, negative);
    if (!direct) {
      products_->planes.emplace_back(digit, type,
                                     static_cast<std::size_t>(ElementCount(problem.source)));
    }
    for (const Digit& weight : products.weights)
      products_->products.emplace_back(problem, type, products.unit, digit, weight);
  }
  const bool single = products_->products.size() == 1;
  floats_ = as == SumsAs::kFloat && !(single && bytes);
  parts_are_floats_ = !bytes;
  if (single && bytes == !floats_) return;
  if (floats_)
    rounded_.resize(count_);
  else
    whole_.resize(count_);
}

IntegerSums::~IntegerSums() = default;

void IntegerSums::BindWeights(ConstTensorRef constant) {
  const OneThread guard;
  Tensor weights(constant.dtype, constant.shape);
  std::memcpy(TensorRef(weights).data, constant.data, weights.bytes());
  for (DigitProduct& product : products_->products) product.Bind(weights, products_->stream);
}

void IntegerSums::Run(const std::byte* source) {
  auto& [stream, planes, products] = *products_;
  const std::size_t each = products.size() / std::max<std::size_t>(1, planes.size());
  for (std::size_t p = 0; p < products.size(); p += each) {
    const void* digits = planes.empty() ? source : planes[p / each].Take(input_, source, offset_);
    for (std::size_t w = 0; w < each; ++w) products[p + w].Run(digits, stream);
  }
  sums_ = products[0].sums();
  if (rounded_.empty() && whole_.empty()) return;
  std::vector<Part> parts;
  for (const DigitProduct& product : products) parts.push_back({product.sums(), product.unit()});
  if (floats_) {
    AddParts(parts, parts_are_floats_, rounded_.data(), count_);
    sums_ = rounded_.data();
  } else {
    AddParts(parts, parts_are_floats_, whole_.data(), count_);
    sums_ = whole_.data();
  }
}

}  // namespace bw::kernels
