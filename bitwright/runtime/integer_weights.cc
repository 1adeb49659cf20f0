#include "bitwright/runtime/integer_weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "bitwright/graph/integer_grid.h"

namespace bw {
namespace {

// Exponent of the lowest bit of x, which is not 0.
int LowestBit(double x) {
  int exponent = 0;
  const double fraction = std::frexp(std::abs(x), &exponent);
  const auto bits = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  return exponent - 53 + std::countr_zero(bits);
}

// Elements as products of their integer and their group's factor, in double and exact: 24 bits
// times 24 bits.
class Products {
 public:
  Products(const QTensor& weight, int axis)
      : weight_(weight),
        grouping_(MakeGrouping(weight.spec.grain, weight.shape).value()),
        unit_(weight.spec.element.info().integer_form->unit),
        channels_(weight.shape[static_cast<std::size_t>(axis)]),
        one_group_(OneGroup(weight.spec.grain, axis)) {
    for (std::size_t i = weight.shape.size(); --i > static_cast<std::size_t>(axis);)
      stride_ *= weight.shape[i];
    ReadElements();
    FindSteps();
  }

  std::size_t ChannelOf(std::size_t element) const { return element / stride_ % channels_; }
  double Integer(std::size_t element) const {
    return elements_[element] * unit_of_[ChannelOf(element)];
  }
  // The value of 1.
  double Step(std::size_t channel) const {
    const double factor = single_[channel] ? factor_[channel] : 1.0;
    return factor / unit_of_[channel] * unit_ * static_cast<double>(weight_.params.tensor_scale);
  }
  std::size_t channels() const { return channels_; }

 private:
  // All of a channel shares a scale.
  static bool OneGroup(const Grain& grain, int axis) {
    const auto* channel = std::get_if<PerChannel>(&grain);
    return std::holds_alternative<PerTensor>(grain) ||
           (channel != nullptr && channel->axis == axis);
  }
  std::size_t GroupOf(std::size_t element) const {
    if (one_group_) return weight_.params.scales.size() == 1 ? 0 : ChannelOf(element);
    return static_cast<std::size_t>(grouping_.GroupOf(static_cast<std::int64_t>(element)));
  }
  // Of two levels: the value of the scale's own format.
  double Factor(std::size_t group) const {
    const auto scale = static_cast<double>(weight_.params.scales[group]);
    const auto whole = static_cast<double>(weight_.params.tensor_scale);
    return weight_.spec.two_level ? weight_.spec.scale.Round(scale / whole) : scale;
  }

  // A channel of one factor keeps it in its step; in others it goes into the elements.
  void ReadElements() {
    const std::vector<Code> codes = Unpack(weight_.codes, weight_.spec.element.bits(),
                                           static_cast<std::size_t>(ElementCount(weight_.shape)));
    const std::vector<std::int32_t>& zeros = weight_.params.zeros;
    elements_.resize(codes.size());
    single_.assign(channels_, true);
    factor_.assign(channels_, 0.0);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const std::size_t group = GroupOf(i), c = ChannelOf(i);
      elements_[i] = weight_.spec.element.Decode(codes[i]) / unit_;
      if (!zeros.empty()) elements_[i] -= zeros[group];
      if (elements_[i] == 0 || (one_group_ && factor_[c] != 0)) continue;
      const double factor = Factor(group);
      if (factor_[c] == 0) factor_[c] = factor;
      if (factor_[c] != factor) single_[c] = false;
    }
    for (std::size_t i = 0; i < codes.size() && !one_group_; ++i) {
      if (!single_[ChannelOf(i)]) elements_[i] *= Factor(GroupOf(i));
    }
  }

  // Elements are counted in the greatest power of two that divides all of their channel.
  void FindSteps() {
    std::vector<int> lowest(channels_, std::numeric_limits<int>::max());
    for (std::size_t i = 0; i < elements_.size(); ++i) {
      const std::size_t c = ChannelOf(i);
      if (elements_[i] != 0) lowest[c] = std::min(lowest[c], LowestBit(elements_[i]));
    }
    for (std::size_t c = 0; c < channels_; ++c) {
      const bool zero = factor_[c] == 0;  // all elements are
      if (zero) factor_[c] = 1;
      unit_of_.push_back(zero ? 1.0 : std::ldexp(1.0, -lowest[c]));
    }
  }

  const QTensor& weight_;
  Grouping grouping_;
  double unit_;  // of the format
  std::size_t channels_, stride_ = 1;
  bool one_group_;
  std::vector<double> elements_;
  std::vector<char> single_;              // by channel
  std::vector<double> factor_, unit_of_;  // by channel; 1 / the channel's power of two
};

// [rows, columns] -> [columns, rows]
Tensor Transposed(const Tensor& matrix) {
  const std::int64_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  Tensor turned(DType::kInt32, {columns, rows});
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      turned.span<std::int32_t>()[static_cast<std::size_t>(c * rows + r)] =
          matrix.span<std::int32_t>()[static_cast<std::size_t>(r * columns + c)];
    }
  }
  return turned;
}

Tensor Narrowed(const Tensor& wide) {
  Tensor bytes(DType::kInt8, wide.shape());
  const auto from = wide.span<std::int32_t>();
  std::transform(from.begin(), from.end(), bytes.span<std::int8_t>().begin(),
                 [](std::int32_t x) { return static_cast<std::int8_t>(x); });
  return bytes;
}

// Bits between the highest and the lowest of |x|.
int SignificandBits(std::int32_t x) {
  const auto magnitude = static_cast<std::uint32_t>(std::abs(x));
  return magnitude == 0 ? 0 : std::bit_width(magnitude >> std::countr_zero(magnitude));
}

tl::unexpected<Error> NoIntegers(const QuantSpec& spec) {
  return Fail("weights of {} are no integers of at most 20 bits of one unit in each output channel",
              spec.ToString());
}

// False where one is too great.
bool Fill(const Products& products, std::span<std::int32_t> integers) {
  for (std::size_t i = 0; i < integers.size(); ++i) {
    const double integer = products.Integer(i);
    if (std::abs(integer) > kGreatestInteger) return false;
    integers[i] = static_cast<std::int32_t>(integer);
  }
  return true;
}

}  // namespace

void IntegerWeights::Finish() {
  const auto all = std::as_const(integers).span<std::int32_t>();
  const std::size_t terms = all.size() / static_cast<std::size_t>(integers.shape()[0]);
  for (std::size_t first = 0; first < all.size(); first += terms) {
    double row = 0;
    for (const std::int32_t x : all.subspan(first, terms)) {
      low = std::min(low, x);
      high = std::max(high, x);
      significand_bits = std::max(significand_bits, SignificandBits(x));
      row += std::abs(x);
    }
    greatest_row = std::max(greatest_row, row);
  }
  if (low >= -128 && high <= 127) integers = Narrowed(integers);
}

IntegerWeights IntegerWeights::Inputs(std::int64_t first, std::int64_t count) const {
  const Shape& whole = integers.shape();
  IntegerWeights part{Tensor(DType::kInt32, {whole[0], count, whole[2], whole[3]}), steps};
  const auto row = static_cast<std::size_t>(whole[1] * whole[2] * whole[3]);
  const auto size = static_cast<std::size_t>(count * whole[2] * whole[3]);
  const auto from = static_cast<std::size_t>(first * whole[2] * whole[3]);
  const auto to = part.integers.span<std::int32_t>();
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::size_t at = i / size * row + from + i % size;
    to[i] = integers.dtype() == DType::kInt8 ? integers.span<std::int8_t>()[at]
                                             : integers.span<std::int32_t>()[at];
  }
  part.Finish();
  return part;
}

Expected<IntegerWeights> ReadWeights(const QTensor& weight, int axis) {
  const FormatInfo& info = weight.spec.element.info();
  if (!info.integer_form) return NoIntegers(weight.spec);
  const Products products(weight, axis);
  IntegerWeights result{Tensor(DType::kInt32, weight.shape), {}};
  if (!Fill(products, result.integers.span<std::int32_t>())) return NoIntegers(weight.spec);
  for (std::size_t c = 0; c < products.channels(); ++c) result.steps.push_back(products.Step(c));
  if (weight.shape.size() == 2) {
    if (axis == 1) result.integers = Transposed(result.integers);
    result.integers.Reshape({result.integers.shape()[0], result.integers.shape()[1], 1, 1});
  }
  result.Finish();
  return result;
}

}  // namespace bw
