#pragma once
// A classifier's outputs as probabilities.

#include <span>
#include <vector>

namespace bw {

// Whether a row of outputs is one of probabilities already, so that no softmax is due.
bool IsDistribution(std::span<const float> row);

// Less one constant, so that the exponentials sum to 1.
void Normalize(std::vector<double>& logs);

// Logarithms of the class probabilities of a row of outputs.
std::vector<double> LogProbabilities(std::span<const float> row, bool distribution);

}  // namespace bw
