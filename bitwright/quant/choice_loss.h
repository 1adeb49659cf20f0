#pragma once
// What a classifier's score is expected to lose by rounding, without the luck of labels and of
// single samples: by the float network's own probabilities, and as if the rounding noise of each
// sample had fallen on any of the samples that are about as sure.

#include <span>
#include <vector>

#include "bitwright/tensor/tensor.h"

namespace bw {

// The float network's choice of one row, and the class that comes next.
struct ClassChoice {
  std::size_t first = 0, second = 0;
  double p_first = 1, p_second = 0;
  double margin = 0;  // log(p_first / p_second); infinite where there is one class
};

// Of outputs [rows, classes]: logits, or probabilities as they are.
std::vector<ClassChoice> ClassChoices(ConstTensorRef reference);

// By how much another output of the same rows moves each margin.
std::vector<double> MarginShifts(std::span<const ClassChoice> choices, ConstTensorRef reference,
                                 ConstTensorRef output);

struct ChoiceLoss {
  double changed = 0;  // share of rows whose choice changes
  double drop = 0;     // mean of what the score loses: p_first - p_second where it changes
  double turned = 0;   // share of rows whose score changes: p_first + p_second where it does
};

// A row changes with the part of the shifts of its neighbours that exceed its margin; the
// neighbours are the quarter of all rows whose margins are nearest in rank, 512 at most. A mean
// over pairs of rows: a search that tries many plans finds ones that happen to change few choices
// of its own samples far less easily than by counting. The second class stands for all others. On
// the safe side where the probabilities are overconfident. One shift for each choice.
ChoiceLoss ExpectedLoss(std::span<const ClassChoice> choices, std::span<const double> shifts);

}  // namespace bw
