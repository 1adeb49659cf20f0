#pragma once
// Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1).

#include <cmath>

namespace bw {

// The corrections of step `number`, counted from 1: mean * mean_factor, square * square_factor.
struct AdamFactors {
  static constexpr float kMeanDecay = 0.9F, kSquareDecay = 0.999F, kTiny = 1e-20F;

  explicit AdamFactors(int number)
      : mean_factor(static_cast<float>(1 / (1 - std::pow(0.9, number)))),
        square_factor(static_cast<float>(1 / (1 - std::pow(0.999, number)))) {}

  float mean_factor, square_factor;
};

// One number's moments brought up to date; what it moves by, against the gradient, at rate 1.
inline double AdamMove(double gradient, int number, double& mean, double& square) {
  mean = 0.9 * mean + 0.1 * gradient;
  square = 0.999 * square + 0.001 * gradient * gradient;
  const double corrected = square / (1 - std::pow(0.999, number));
  return corrected > 0 ? mean / (1 - std::pow(0.9, number)) / std::sqrt(corrected) : 0;
}

}  // namespace bw
