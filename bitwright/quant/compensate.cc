#include "bitwright/quant/compensate.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "bitwright/quant/weight_layout.h"
#include "bitwright/tensor/scale_error.h"

namespace bw {
namespace {

using Matrix = Eigen::MatrixXd;

constexpr double kDamping = 0.01;
constexpr double kManyVectors = 10;  // for each element: as many need no more damping

// X'X/n of one group's inputs, damped, the more the fewer vectors there are for each element;
// columns that never see a signal get a unit diagonal.
Matrix SecondMoments(const LayerInputs& inputs, std::int64_t group) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Rows> x(inputs.rows.data() + group * inputs.count * inputs.length,
                                 inputs.count, inputs.length);
  Matrix moments = (x.transpose() * x).cast<double>() / static_cast<double>(inputs.count);
  const double mean = moments.diagonal().mean();
  const double few = static_cast<double>(inputs.length) / static_cast<double>(inputs.count);
  const double damping = kDamping * std::max(1.0, kManyVectors * few);
  for (Eigen::Index i = 0; i < moments.rows(); ++i) {
    moments(i, i) = moments(i, i) > 0 ? moments(i, i) + damping * mean : std::max(mean, 1.0);
  }
  return moments;
}

std::vector<Eigen::Index> ByCurvature(const Matrix& moments) {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(moments.rows()));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Eigen::Index a, Eigen::Index b) { return moments(a, a) > moments(b, b); });
  return order;
}

// U with inverse(H) = U'U for H's rows and columns in this order.
Matrix Propagator(const Matrix& moments, const std::vector<Eigen::Index>& order) {
  const Eigen::Index n = moments.rows();
  Matrix ordered(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      ordered(i, j) =
          moments(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
    }
  }
  const Matrix inverse = ordered.llt().solve(Matrix::Identity(n, n));
  return inverse.llt().matrixU();
}

// What one group of the layer's inputs says: the second moments, columns in order of falling
// curvature, and how errors spread.
struct Curvature {
  Matrix moments;
  std::vector<Eigen::Index> order;
  Matrix propagator;
};

std::vector<Curvature> Curvatures(const LayerInputs& inputs) {
  std::vector<Curvature> curvatures;
  for (std::int64_t group = 0; group < inputs.groups; ++group) {
    Curvature curvature;
    curvature.moments = SecondMoments(inputs, group);
    curvature.order = ByCurvature(curvature.moments);
    curvature.propagator = Propagator(curvature.moments, curvature.order);
    curvatures.push_back(std::move(curvature));
  }
  return curvatures;
}

double Nearest(double value, const QuantSpec& spec, const QuantParams& params, std::int64_t group) {
  const auto g = static_cast<std::size_t>(group);
  const double scale = params.scales[g];
  if (spec.symmetric) return static_cast<float>(scale * spec.element.Round(value / scale));
  const double zero = params.zeros[g];
  const FormatInfo& info = spec.element.info();
  const double code = std::clamp(std::nearbyint(value / scale) + zero, info.min, info.max);
  return static_cast<float>(scale * (code - zero));
}

Tensor Round(const Tensor& weight, const QuantSpec& spec, const QuantParams& params,
             const LayerInputs& inputs, const std::vector<Curvature>& curvatures) {
  const Expected<Grouping> grouping = MakeGrouping(spec.grain, weight.shape());
  BW_CHECK(grouping.has_value());
  const WeightLayout at = WeightLayout::Of(weight, inputs);
  const std::int64_t per_group = at.channels / inputs.groups;
  Tensor rounded = weight;
  const std::span<float> values = rounded.span<float>();
  for (std::int64_t group = 0; group < inputs.groups; ++group) {
    const auto& [moments, order, propagator] = curvatures[static_cast<std::size_t>(group)];
    const auto element = [&](std::int64_t c, std::int64_t j) {
      return at(group * per_group + c, order[static_cast<std::size_t>(j)]);
    };
    Matrix rest(per_group, at.length);  // columns in order, rounded so far and still to be rounded
    for (std::int64_t c = 0; c < per_group; ++c) {
      for (std::int64_t j = 0; j < at.length; ++j)
        rest(c, j) = values[static_cast<std::size_t>(element(c, j))];
    }
    Eigen::VectorXd error(per_group);
    for (std::int64_t j = 0; j < at.length; ++j) {
      for (std::int64_t c = 0; c < per_group; ++c) {
        const double value = Nearest(rest(c, j), spec, params, grouping->GroupOf(element(c, j)));
        error(c) = (rest(c, j) - value) / propagator(j, j);
        values[static_cast<std::size_t>(element(c, j))] = static_cast<float>(value);
      }
      const std::int64_t left = at.length - j - 1;
      rest.rightCols(left).noalias() -= error * propagator.row(j).tail(left);
    }
  }
  return rounded;
}

// Brings down e'He of one output channel, element by element: with all others as they are, the
// value nearest to the one that would be best for the element. Ends when a sweep changes nothing.
class Descent {
 public:
  Descent(const Tensor& weight, const QuantSpec& spec, const QuantParams& params,
          const Grouping& grouping, const WeightLayout& at)
      : weight_(weight.span<float>()), spec_(spec), params_(params), grouping_(grouping), at_(at) {}

  void Run(std::int64_t channel, const Curvature& curvature, std::span<float> rounded) const {
    const Matrix& moments = curvature.moments;
    Eigen::VectorXd error(at_.length);
    for (std::int64_t j = 0; j < at_.length; ++j) {
      const auto i = static_cast<std::size_t>(at_(channel, j));
      error(j) = static_cast<double>(weight_[i]) - static_cast<double>(rounded[i]);
    }
    Eigen::VectorXd slope = moments * error;
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      bool changed = false;
      for (const Eigen::Index j : curvature.order) {
        const std::int64_t element = at_(channel, j);
        float& value = rounded[static_cast<std::size_t>(element)];
        const double now = static_cast<double>(value);
        const double next =
            Nearest(now + slope(j) / moments(j, j), spec_, params_, grouping_.GroupOf(element));
        // Not for a tie, and not for what rounding errors of the slope make of one.
        const double gain = (next - now) * (2 * slope(j) - (next - now) * moments(j, j));
        if (next == now || gain <= kLeastGain * now * now * moments(j, j)) continue;
        slope -= (next - now) * moments.col(j);
        value = static_cast<float>(next);
        changed = true;
      }
      if (!changed) break;
    }
  }

 private:
  static constexpr int kSweeps = 4;
  static constexpr double kLeastGain = 1e-9;

  std::span<const float> weight_;
  const QuantSpec& spec_;
  const QuantParams& params_;
  const Grouping& grouping_;
  const WeightLayout& at_;
};

void Descend(const Tensor& weight, const QuantSpec& spec, const QuantParams& params,
             const LayerInputs& inputs, const std::vector<Curvature>& curvatures, Tensor& rounded) {
  const Grouping grouping = MakeGrouping(spec.grain, weight.shape()).value();
  const WeightLayout at = WeightLayout::Of(weight, inputs);
  const std::int64_t per_group = at.channels / inputs.groups;
  const Descent descent(weight, spec, params, grouping, at);
  const std::span<float> values = rounded.span<float>();
  for (std::int64_t channel = 0; channel < at.channels; ++channel)
    descent.Run(channel, curvatures[static_cast<std::size_t>(channel / per_group)], values);
}

// e'He of each output channel.
std::vector<double> OutputErrors(const Tensor& weight, const Tensor& rounded,
                                 const LayerInputs& inputs,
                                 const std::vector<Curvature>& curvatures) {
  const WeightLayout at = WeightLayout::Of(weight, inputs);
  const std::int64_t per_group = at.channels / inputs.groups;
  std::vector<double> errors;
  for (std::int64_t channel = 0; channel < at.channels; ++channel) {
    Eigen::VectorXd error(at.length);
    for (std::int64_t j = 0; j < at.length; ++j) {
      const auto i = static_cast<std::size_t>(at(channel, j));
      error(j) = static_cast<double>(weight.span<float>()[i]) - rounded.span<float>()[i];
    }
    const Matrix& moments = curvatures[static_cast<std::size_t>(channel / per_group)].moments;
    errors.push_back(error.dot(moments * error));
  }
  return errors;
}

// The output channel that each scale belongs to; empty where channels share scales.
std::vector<std::int64_t> ChannelOfScale(const Grouping& grouping, const WeightLayout& at) {
  std::vector<std::int64_t> owner(static_cast<std::size_t>(grouping.groups()), -1);
  for (std::int64_t channel = 0; channel < at.channels; ++channel) {
    for (std::int64_t j = 0; j < at.length; ++j) {
      std::int64_t& known = owner[static_cast<std::size_t>(grouping.GroupOf(at(channel, j)))];
      if (known >= 0 && known != channel) return {};
      known = channel;
    }
  }
  return owner;
}

QuantParams Scaled(const QuantParams& params, const QuantSpec& spec, double factor) {
  QuantParams scaled = params;
  for (float& scale : scaled.scales) {
    scale = RoundScale(factor * static_cast<double>(scale) / params.tensor_scale, spec.scale) *
            params.tensor_scale;
  }
  return scaled;
}

constexpr double kFactors[] = {1.0, 0.6, 0.7, 0.78, 0.85, 0.92, 1.07, 1.15};

}  // namespace

Tensor RoundCompensated(const Tensor& weight, const QuantSpec& spec, const QuantParams& params,
                        const LayerInputs& inputs) {
  const std::vector<Curvature> curvatures = Curvatures(inputs);
  Tensor rounded = Round(weight, spec, params, inputs, curvatures);
  constexpr int kMostBits = 6;
  if (spec.element.bits() <= kMostBits) {
    Descend(weight, spec, params, inputs, curvatures, rounded);
  }
  return rounded;
}

QuantParams BetterScales(const Tensor& weight, const QuantSpec& spec, const QuantParams& params,
                         const LayerInputs& inputs) {
  if (!spec.symmetric) return params;
  const WeightLayout at = WeightLayout::Of(weight, inputs);
  const std::vector<std::int64_t> owner =
      ChannelOfScale(MakeGrouping(spec.grain, weight.shape()).value(), at);
  const std::vector<Curvature> curvatures = Curvatures(inputs);
  QuantParams best = params;
  std::vector<double> least;  // by output channel, or one for all
  for (const double factor : kFactors) {
    const QuantParams scaled = Scaled(params, spec, factor);
    std::vector<double> errors =
        OutputErrors(weight, Round(weight, spec, scaled, inputs, curvatures), inputs, curvatures);
    if (owner.empty()) errors = {std::accumulate(errors.begin(), errors.end(), 0.0)};
    if (least.empty()) least.assign(errors.size(), std::numeric_limits<double>::infinity());
    for (std::size_t g = 0; g < best.scales.size(); ++g) {
      const auto c = static_cast<std::size_t>(owner.empty() ? 0 : owner[g]);
      if (errors[c] < least[c]) best.scales[g] = scaled.scales[g];
    }
    for (std::size_t c = 0; c < least.size(); ++c) least[c] = std::min(least[c], errors[c]);
  }
  return best;
}

}  // namespace bw
