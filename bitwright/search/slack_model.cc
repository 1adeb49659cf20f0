#include "bitwright/search/slack_model.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "bitwright/base/check.h"

namespace bw {
namespace {

constexpr double kWidth = 0.7;   // of the neighbourhood of `near`, in logarithms of the loss
constexpr double kLength = 0.5;  // part of the loss that differs, over which likeness fades
constexpr double kShared = 0.9;  // of the deviations' variance; the rest is each one's own
constexpr double kLeastDeviation = 1e-6;

// slack = at_zero - slope * loss.
struct Line {
  double at_zero = 0, slope = 0, deviation = kLeastDeviation;
  double At(double loss) const { return at_zero - slope * loss; }
};

Line FitLine(const std::vector<MeasuredAssignment>& measured, const std::vector<double>& losses,
             double near) {
  std::vector<double> weights;
  double total = 0, loss = 0, slack = 0;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const double away = std::log((losses[i] + 1e-30) / (near + 1e-30)) / kWidth;
    weights.push_back(std::exp(-away * away / 2) + 1e-9);
    total += weights[i];
    loss += weights[i] * losses[i];
    slack += weights[i] * measured[i].verdict.slack;
  }
  loss /= total, slack /= total;
  double squares = 0, products = 0, rest = 0;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    squares += weights[i] * (losses[i] - loss) * (losses[i] - loss);
    products += weights[i] * (losses[i] - loss) * (measured[i].verdict.slack - slack);
  }
  Line line;
  line.slope = squares > 0 ? std::max(0.0, -products / squares) : 0;
  line.at_zero = slack + line.slope * loss;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const double off = measured[i].verdict.slack - line.At(losses[i]);
    rest += weights[i] * off * off / total;
  }
  line.deviation = std::max(std::sqrt(rest), kLeastDeviation);
  return line;
}

}  // namespace

struct SlackModel::Process {
  Line line;
  Eigen::LLT<Eigen::MatrixXd> factor;
  Eigen::VectorXd weights;  // inverse of the covariance times the deviations
};

SlackModel::~SlackModel() = default;

SlackModel::SlackModel(const std::vector<MeasuredAssignment>& measured, const ChoiceTable& losses,
                       double near)
    : measured_(measured), losses_(losses), process_(std::make_unique<Process>()) {
  BW_CHECK(!measured.empty());
  const auto n = static_cast<Eigen::Index>(measured.size());
  std::vector<double> predicted;
  for (const MeasuredAssignment& m : measured)
    predicted.push_back(SummedLoss(losses, m.assignment));
  process_->line = FitLine(measured, predicted, near);
  Eigen::MatrixXd covariance(n, n);
  Eigen::VectorXd off(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto& at = measured[static_cast<std::size_t>(i)];
    const double slack = process_->line.At(predicted[static_cast<std::size_t>(i)]);
    off(i) = (at.verdict.slack - slack) / process_->line.deviation;
    for (Eigen::Index j = 0; j <= i; ++j) {
      const auto& other = measured[static_cast<std::size_t>(j)];
      covariance(i, j) = covariance(j, i) = Likeness(at.assignment, other.assignment);
    }
    covariance(i, i) = 1;
  }
  process_->factor.compute(covariance);
  process_->weights = process_->factor.solve(off);
}

double SlackModel::Likeness(const Assignment& a, const Assignment& b) const {
  double differing = 0, sum = 1e-30;
  for (std::size_t d = 0; d < losses_.size(); ++d) {
    differing += std::abs(losses_[d][a[d]] - losses_[d][b[d]]);
    sum += (losses_[d][a[d]] + losses_[d][b[d]]) / 2;
  }
  return kShared * std::exp(-differing / sum / kLength);
}

double SlackModel::Probability(const Assignment& assignment) const {
  Eigen::VectorXd alike(process_->weights.size());
  for (Eigen::Index i = 0; i < alike.size(); ++i)
    alike(i) = Likeness(assignment, measured_[static_cast<std::size_t>(i)].assignment);
  const double deviation = process_->line.deviation;
  const double mean =
      process_->line.At(SummedLoss(losses_, assignment)) + deviation * alike.dot(process_->weights);
  const double explained = process_->factor.matrixL().solve(alike).squaredNorm();
  const double spread = deviation * std::sqrt(std::max(1 - explained, 1 - kShared));
  return std::erfc(-mean / spread / std::sqrt(2.0)) / 2;
}

}  // namespace bw
