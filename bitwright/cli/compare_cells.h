#pragma once
// What `bitwright compare` compares: format families under bit budgets.

#include <string>
#include <vector>

#include "bitwright/base/error.h"

namespace bw {

// Bits of every weight and of every activation.
struct BitBudget {
  int weights = 8, activations = 8;
  std::string Name() const;  // "W4A8"
  // Fails unless it is W<bits>A<bits> with widths that families have: 8, 6, 4, 3, 2 and 8, 6, 4.
  static Expected<BitBudget> Parse(const std::string& text);
};

// One network to measure: a family under a budget.
struct CompareCell {
  std::string family;
  BitBudget budget;
  std::string weights, activations;  // specs as quantize takes them
};

// The members of the families under the budgets, by budget, then by family; budgets that a family
// has no format for are left out. Where only its activations have none, they are int:asym, and the
// spec says so. Fails on an unknown family or a budget that is none. Empty lists mean all families,
// and W8A8, W6A6, W4A8, W4A4, W3A8 and W2A8.
Expected<std::vector<CompareCell>> CompareCells(const std::vector<std::string>& families,
                                                const std::vector<std::string>& budgets);

}  // namespace bw
