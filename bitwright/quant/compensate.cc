#include "bitwright/quant/compensate.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace bw {
namespace {

using Matrix = Eigen::MatrixXd;

constexpr double kDamping = 0.01;

// X'X/n of one group's inputs, damped; columns that never see a signal get a unit diagonal.
Matrix SecondMoments(const LayerInputs& inputs, std::int64_t group) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Rows> x(inputs.rows.data() + group * inputs.count * inputs.length,
                                 inputs.count, inputs.length);
  Matrix moments = (x.transpose() * x).cast<double>() / static_cast<double>(inputs.count);
  const double mean = moments.diagonal().mean();
  for (Eigen::Index i = 0; i < moments.rows(); ++i) {
    moments(i, i) = moments(i, i) > 0 ? moments(i, i) + kDamping * mean : std::max(mean, 1.0);
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

// Element indices of a weight by (output channel, column).
struct Layout {
  std::int64_t channel_stride = 1, column_stride = 1;
  std::int64_t operator()(std::int64_t channel, std::int64_t column) const {
    return channel * channel_stride + column * column_stride;
  }
};

double Nearest(double value, const QuantSpec& spec, const QuantParams& params, std::int64_t group) {
  const auto g = static_cast<std::size_t>(group);
  const double scale = params.scales[g];
  if (spec.symmetric) return static_cast<float>(scale * spec.element.Round(value / scale));
  const double zero = params.zeros[g];
  const FormatInfo& info = spec.element.info();
  const double code = std::clamp(std::nearbyint(value / scale) + zero, info.min, info.max);
  return static_cast<float>(scale * (code - zero));
}

}  // namespace

Tensor RoundCompensated(const Tensor& weight, const QuantSpec& spec, const QuantParams& params,
                        const LayerInputs& inputs) {
  const Expected<Grouping> grouping = MakeGrouping(spec.grain, weight.shape());
  BW_CHECK(grouping.has_value() && !inputs.empty());
  const bool rows_first = inputs.channel_axis == 0;
  const std::int64_t channels = weight.shape()[static_cast<std::size_t>(inputs.channel_axis)];
  const std::int64_t length = inputs.length, per_group = channels / inputs.groups;
  BW_CHECK(weight.size() == channels * length);
  const Layout at = rows_first ? Layout{length, 1} : Layout{1, channels};
  Tensor rounded = weight;
  const std::span<float> values = rounded.span<float>();
  for (std::int64_t group = 0; group < inputs.groups; ++group) {
    const Matrix moments = SecondMoments(inputs, group);
    const std::vector<Eigen::Index> order = ByCurvature(moments);
    const Matrix propagator = Propagator(moments, order);
    Matrix rest(per_group, length);  // columns in order, rounded so far and still to be rounded
    for (std::int64_t c = 0; c < per_group; ++c) {
      for (std::int64_t j = 0; j < length; ++j) {
        rest(c, j) = values[static_cast<std::size_t>(
            at(group * per_group + c, order[static_cast<std::size_t>(j)]))];
      }
    }
    Eigen::VectorXd error(per_group);
    for (std::int64_t j = 0; j < length; ++j) {
      for (std::int64_t c = 0; c < per_group; ++c) {
        const std::int64_t element = at(group * per_group + c, order[static_cast<std::size_t>(j)]);
        const double value = Nearest(rest(c, j), spec, params, grouping->GroupOf(element));
        error(c) = (rest(c, j) - value) / propagator(j, j);
        values[static_cast<std::size_t>(element)] = static_cast<float>(value);
      }
      const std::int64_t left = length - j - 1;
      rest.rightCols(left).noalias() -= error * propagator.row(j).tail(left);
    }
  }
  return rounded;
}

}  // namespace bw
