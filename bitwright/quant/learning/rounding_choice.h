#pragma once
// For each element of a weight, the choice between the two neighbouring values of its format, made
// soft so that it can be learned.

#include <cstdint>
#include <vector>

#include "bitwright/tensor/qtensor.h"

namespace bw {

// How one step of learning moves the choices: Adam (arXiv 1412.6980) and the annealed regularizer
// of AdaRound (arXiv 2004.10568, equation 24).
struct ChoiceStep {
  int number = 1;            // of the step, from 1 on
  float rate = 0.01F;        // of the choices
  float scale_rate = 0;      // of the logarithms of the scales; 0: they stay
  float regularization = 0;  // of the mean over elements of 1 - |2h - 1|^beta
  float beta = 20;
};

// value = scale * ((1 - h) * lower + h * upper), h = clamp(1.2 sigmoid(v) - 0.1, 0, 1): AdaRound's
// rectified sigmoid between neighbours of any element format under any grain.
class RoundingChoice {
 public:
  // Of `weight`, to replace `start`: its codes, with the scales that stay or are learned. An
  // element that start rounds to a neighbour begins at `trust` of the way from the weight's own
  // place between the neighbours to that choice; one that start rounds further away chooses between
  // that value and the next one towards the weight. The element format has at most 16 bits.
  RoundingChoice(const Tensor& weight, const QTensor& start, double trust);

  // Scales are float32 of one level, and so can be learned.
  bool scales_can_move() const;

  // The soft weight.
  const Tensor& soft() const { return soft_; }
  void Soften();

  // One step against the gradient of the loss with respect to the soft weight.
  void Step(std::span<const float> gradient, const ChoiceStep& step);

  // Every element at the neighbour that it leans to.
  QTensor Harden() const;

 private:
  void StepScales(std::span<const float> gradient, const ChoiceStep& step);

  QTensor start_;
  Grouping grouping_;
  std::vector<std::int32_t> group_;           // by element
  std::vector<std::int32_t> lower_;           // index into the element's values
  std::vector<float> low_, high_;             // neighbours, before the scale
  std::vector<float> v_, h_, mean_, square_;  // the choice, and Adam's moments
  std::vector<float> scales_;                 // now
  std::vector<double> log_scale_, scale_mean_, scale_square_;
  Tensor soft_;
};

}  // namespace bw
