#pragma once
// OMPQ (Ma et al., AAAI 2023): widths from the orthogonality of layers, no loss asked.

#include <vector>

namespace bw {

// c_i = mean over j >= i of exp(-beta (gamma_j - min gamma)), gamma the summed likeness (linear
// CKA) of a layer's features to all others'.
std::vector<double> OmpqImportance(const std::vector<double>& gamma, double beta);

// The linear program max sum_i importance_i * bits_i with sum_i elements_i * bits_i <= budget and
// low <= bits <= high, whose optimum fills up in order of importance for an element. Where the
// budget is below the least, the least.
std::vector<double> OmpqBits(const std::vector<double>& importance,
                             const std::vector<double>& elements, double low, double high,
                             double budget);

}  // namespace bw
