#include "bitwright/quant/refit.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>

#include "bitwright/quant/weight_layout.h"

namespace bw {
namespace {

using Matrix = Eigen::MatrixXd;
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

std::size_t Index(std::int64_t i) { return static_cast<std::size_t>(i); }

Eigen::Map<const Rows> RowsOf(const LayerInputs& inputs, std::int64_t group) {
  return {inputs.rows.data() + group * inputs.count * inputs.length, inputs.count, inputs.length};
}

// Second moments of one group over some of its vectors: H = E[y y'] and C' = E[y x'].
struct Moments {
  Matrix own, cross;
};

Moments MomentsOf(const Eigen::Ref<const Rows>& x, const Eigen::Ref<const Rows>& y) {
  const double n = static_cast<double>(y.rows());
  return {(y.transpose() * y).cast<double>() / n, (y.transpose() * x).cast<double>() / n};
}

// (C + d I)(H + d I)^-1.
Matrix Map(Moments moments, double damping) {
  const double mean = moments.own.diagonal().mean();
  const double d = mean > 0 ? damping * mean : 1;
  moments.own.diagonal().array() += d;
  moments.cross.diagonal().array() += d;
  return moments.own.llt().solve(moments.cross).transpose();
}

Matrix RowsOfWeight(const Tensor& weight, const WeightLayout& at, std::int64_t first,
                    std::int64_t count) {
  Matrix rows(count, at.length);
  for (std::int64_t c = 0; c < count; ++c) {
    for (std::int64_t j = 0; j < at.length; ++j)
      rows(c, j) = static_cast<double>(weight.span<float>()[Index(at(first + c, j))]);
  }
  return rows;
}

}  // namespace

std::vector<double> MeansOf(const LayerInputs& inputs) {
  std::vector<double> means;
  for (std::int64_t group = 0; group < inputs.groups; ++group) {
    const Eigen::RowVectorXd mean = RowsOf(inputs, group).cast<double>().colwise().mean();
    means.insert(means.end(), mean.begin(), mean.end());
  }
  return means;
}

LayerInputs Centred(LayerInputs inputs, const std::vector<double>& means) {
  BW_CHECK(means.size() == Index(inputs.groups * inputs.length));
  for (std::size_t i = 0; i < inputs.rows.size(); ++i) {
    const std::size_t group = i / Index(inputs.count * inputs.length);
    const std::size_t at = group * Index(inputs.length) + i % Index(inputs.length);
    inputs.rows[i] = static_cast<float>(static_cast<double>(inputs.rows[i]) - means[at]);
  }
  return inputs;
}

double BestDamping(const Tensor& weight, const LayerInputs& wanted, const LayerInputs& given,
                   std::span<const double> dampings) {
  BW_CHECK(wanted.rows.size() == given.rows.size() && !dampings.empty());
  const std::int64_t held = given.count / 4, fitted = given.count - held;
  if (held == 0) return dampings.back();
  const WeightLayout at = WeightLayout::Of(weight, given);
  const std::int64_t per_group = at.channels / given.groups;
  std::vector<double> errors(dampings.size(), 0.0);
  for (std::int64_t group = 0; group < given.groups; ++group) {
    const Eigen::Map<const Rows> x = RowsOf(wanted, group), y = RowsOf(given, group);
    const Moments moments = MomentsOf(x.topRows(fitted), y.topRows(fitted));
    const Matrix rows = RowsOfWeight(weight, at, group * per_group, per_group);
    const Eigen::MatrixXf output = x.bottomRows(held) * rows.cast<float>().transpose();
    for (std::size_t i = 0; i < dampings.size(); ++i) {
      const Matrix moved = rows * Map(moments, dampings[i]);
      const Eigen::MatrixXf found = y.bottomRows(held) * moved.cast<float>().transpose();
      errors[i] += static_cast<double>((output - found).squaredNorm());
    }
  }
  return dampings[Index(std::min_element(errors.begin(), errors.end()) - errors.begin())];
}

Tensor Refit(const Tensor& weight, const LayerInputs& wanted, const LayerInputs& given,
             double damping) {
  BW_CHECK(wanted.rows.size() == given.rows.size() && damping > 0);
  const WeightLayout at = WeightLayout::Of(weight, given);
  const std::int64_t per_group = at.channels / given.groups;
  Tensor fitted = weight;
  const std::span<float> to = fitted.span<float>();
  for (std::int64_t group = 0; group < given.groups; ++group) {
    const std::int64_t first = group * per_group;
    const Matrix moved = RowsOfWeight(weight, at, first, per_group) *
                         Map(MomentsOf(RowsOf(wanted, group), RowsOf(given, group)), damping);
    for (std::int64_t c = 0; c < per_group; ++c) {
      for (std::int64_t j = 0; j < at.length; ++j)
        to[Index(at(first + c, j))] = static_cast<float>(moved(c, j));
    }
  }
  return fitted;
}

std::vector<double> BiasShift(const Tensor& weight, const std::vector<double>& wanted_means,
                              const Tensor& fitted, const std::vector<double>& given_means,
                              const LayerInputs& layout) {
  const WeightLayout at = WeightLayout::Of(weight, layout);
  const std::int64_t per_group = at.channels / layout.groups;
  std::vector<double> shift(Index(at.channels), 0.0);
  for (std::int64_t c = 0; c < at.channels; ++c) {
    for (std::int64_t j = 0; j < at.length; ++j) {
      const std::size_t element = Index(at(c, j)), mean = Index(c / per_group * at.length + j);
      shift[Index(c)] += static_cast<double>(weight.span<float>()[element]) * wanted_means[mean] -
                         static_cast<double>(fitted.span<float>()[element]) * given_means[mean];
    }
  }
  return shift;
}

}  // namespace bw
