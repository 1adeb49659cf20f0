#include "bitwright/quant/learning/rounding_choice.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "bitwright/quant/learning/adam.h"

namespace bw {
namespace {

using Array = Eigen::Map<Eigen::ArrayXf>;
using ConstArray = Eigen::Map<const Eigen::ArrayXf>;

// The rectified sigmoid's stretch beyond [0, 1] on either side.
constexpr float kStretch = 0.1F;

// v with clamp(1.2 sigmoid(v) - 0.1) = h.
float Inverse(double h) {
  const double s = (std::clamp(h, 0.0, 1.0) + kStretch) / (1 + 2 * kStretch);
  return static_cast<float>(std::log(s / (1 - s)));
}

std::size_t Index(std::int64_t i) { return static_cast<std::size_t>(i); }

// The greatest i with values[i] <= x, so that i + 1 exists.
std::int32_t LowerNeighbour(std::span<const double> values, double x) {
  const auto above = std::upper_bound(values.begin(), values.end(), x) - values.begin();
  const auto last = static_cast<std::ptrdiff_t>(values.size()) - 2;
  return static_cast<std::int32_t>(std::clamp<std::ptrdiff_t>(above - 1, 0, last));
}

}  // namespace

RoundingChoice::RoundingChoice(const Tensor& weight, const QTensor& start, double trust)
    : start_(start), scales_(start.params.scales), soft_(DType::kFloat32, weight.shape()) {
  const Format& element = start.spec.element;
  const std::span<const double> values = element.values();
  BW_CHECK(values.size() >= 2);
  grouping_ = MakeGrouping(start.spec.grain, weight.shape()).value();
  const std::size_t count = Index(weight.size());
  const std::vector<Code> codes = Unpack(start.codes, element.bits(), count);
  for (std::size_t e = 0; e < count; ++e) {
    const std::int64_t group = grouping_.GroupOf(static_cast<std::int64_t>(e));
    const double zero = start.params.zeros.empty() ? 0 : start.params.zeros[Index(group)];
    const double scale = start.params.scales[Index(group)];
    const double x = static_cast<double>(weight.span<float>()[e]) / scale + zero;
    const double chosen = element.Decode(codes[e]);
    const auto at = static_cast<std::int32_t>(
        std::lower_bound(values.begin(), values.end(), chosen) - values.begin());
    const std::int32_t lower = std::clamp(LowerNeighbour(values, x), at - 1, at);
    const double low = values[Index(lower)], high = values[Index(lower) + 1];
    const double place = std::clamp((x - low) / (high - low), 0.0, 1.0);
    const double choice = chosen >= high ? 1 : 0;
    group_.push_back(static_cast<std::int32_t>(group));
    lower_.push_back(lower);
    low_.push_back(static_cast<float>(low - zero));
    high_.push_back(static_cast<float>(high - zero));
    v_.push_back(Inverse(place + trust * (choice - place)));
  }
  h_.resize(count);
  mean_.assign(count, 0);
  square_.assign(count, 0);
  log_scale_.assign(scales_.size(), 0);
  scale_mean_ = scale_square_ = log_scale_;
  Soften();
}

bool RoundingChoice::scales_can_move() const {
  return start_.spec.scale.name() == "fp32" && !start_.spec.two_level;
}

void RoundingChoice::Soften() {
  const auto count = static_cast<Eigen::Index>(v_.size());
  const ConstArray v(v_.data(), count), low(low_.data(), count), high(high_.data(), count);
  Array h(h_.data(), count), soft(soft_.span<float>().data(), count);
  h = ((1 + 2 * kStretch) * v.logistic() - kStretch).max(0.0F).min(1.0F);
  soft = low + h * (high - low);
  const std::span<float> values = soft_.span<float>();
  for (std::size_t e = 0; e < values.size(); ++e) values[e] *= scales_[Index(group_[e])];
}

void RoundingChoice::Step(std::span<const float> gradient, const ChoiceStep& step) {
  if (step.scale_rate > 0 && scales_can_move()) StepScales(gradient, step);
  constexpr Eigen::Index kPiece = 4096;  // temporaries stay in the cache
  const auto count = static_cast<Eigen::Index>(v_.size());
  const float weight = step.regularization / static_cast<float>(count);
  const AdamFactors adam(step.number);
  Eigen::ArrayXf slope(kPiece), s(kPiece);
  for (Eigen::Index first = 0; first < count; first += kPiece) {
    const Eigen::Index n = std::min(kPiece, count - first);
    const ConstArray h(h_.data() + first, n), low(low_.data() + first, n),
        high(high_.data() + first, n), g(gradient.data() + first, n);
    Array v(v_.data() + first, n), mean(mean_.data() + first, n), square(square_.data() + first, n);
    slope.head(n) = g * (high - low);
    for (Eigen::Index i = 0; i < n; ++i) slope(i) *= scales_[Index(group_[Index(first + i)])];
    if (weight > 0) {
      const auto side = 2 * h - 1;
      slope.head(n) -=
          (2 * weight * step.beta) * side.sign() * side.abs().max(1e-6F).pow(step.beta - 1);
    }
    s.head(n) = v.logistic();
    slope.head(n) *= (1 + 2 * kStretch) * s.head(n) * (1 - s.head(n));
    slope.head(n) = (h > 0 && h < 1).select(slope.head(n), 0.0F);
    mean = AdamFactors::kMeanDecay * mean + (1 - AdamFactors::kMeanDecay) * slope.head(n);
    square = AdamFactors::kSquareDecay * square +
             (1 - AdamFactors::kSquareDecay) * slope.head(n).square();
    v -= step.rate * adam.mean_factor * mean /
         ((adam.square_factor * square).sqrt() + AdamFactors::kTiny);
  }
}

void RoundingChoice::StepScales(std::span<const float> gradient, const ChoiceStep& step) {
  std::vector<double> sums(scales_.size(), 0.0);
  const auto soft = std::as_const(soft_).span<float>();
  for (std::size_t e = 0; e < soft.size(); ++e)
    sums[Index(group_[e])] += static_cast<double>(gradient[e] * soft[e]);
  for (std::size_t g = 0; g < sums.size(); ++g) {
    log_scale_[g] -=
        step.scale_rate * AdamMove(sums[g], step.number, scale_mean_[g], scale_square_[g]);
    scales_[g] = static_cast<float>(start_.params.scales[g] * std::exp(log_scale_[g]));
  }
}

QTensor RoundingChoice::Harden() const {
  QTensor hard = start_;
  hard.params.scales = scales_;
  const std::span<const Code> codes = start_.spec.element.codes();
  std::vector<Code> chosen(h_.size());
  for (std::size_t e = 0; e < chosen.size(); ++e)
    chosen[e] = codes[Index(lower_[e]) + (h_[e] >= 0.5F ? 1 : 0)];
  hard.codes = Pack(chosen, start_.spec.element.bits());
  return hard;
}

}  // namespace bw
