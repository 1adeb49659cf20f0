#include "bitwright/quant/choice_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "bitwright/base/check.h"
#include "bitwright/quant/class_probabilities.h"

namespace bw {
namespace {

constexpr std::size_t kMostNeighbours = 512;

struct Rows {
  std::size_t count = 0, classes = 0;
  explicit Rows(ConstTensorRef outputs)
      : count(static_cast<std::size_t>(outputs.shape[0])),
        classes(count == 0 ? 0 : static_cast<std::size_t>(outputs.size()) / count) {}
  std::span<const float> Of(ConstTensorRef outputs, std::size_t row) const {
    return outputs.span<float>().subspan(row * classes, classes);
  }
};

ClassChoice ChoiceOf(std::span<const float> row) {
  ClassChoice choice;
  const auto top = std::max_element(row.begin(), row.end());
  choice.first = choice.second = static_cast<std::size_t>(top - row.begin());
  choice.margin = std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (c == choice.first) continue;
    if (choice.second == choice.first || row[c] > row[choice.second]) choice.second = c;
  }
  if (choice.second == choice.first) return choice;
  const std::vector<double> logs = LogProbabilities(row, IsDistribution(row));
  choice.p_first = std::exp(logs[choice.first]);
  choice.p_second = std::exp(logs[choice.second]);
  choice.margin = logs[choice.first] - logs[choice.second];
  return choice;
}

}  // namespace

std::vector<ClassChoice> ClassChoices(ConstTensorRef reference) {
  const Rows rows(reference);
  std::vector<ClassChoice> choices;
  for (std::size_t r = 0; r < rows.count; ++r) choices.push_back(ChoiceOf(rows.Of(reference, r)));
  return choices;
}

std::vector<double> MarginShifts(std::span<const ClassChoice> choices, ConstTensorRef reference,
                                 ConstTensorRef output) {
  const Rows rows(reference);
  BW_CHECK(choices.size() == rows.count && output.size() == reference.size());
  std::vector<double> shifts;
  for (std::size_t r = 0; r < rows.count; ++r) {
    const ClassChoice& choice = choices[r];
    if (choice.second == choice.first) {
      shifts.push_back(0);
      continue;
    }
    const bool distribution = IsDistribution(rows.Of(reference, r));
    const std::vector<double> logs = LogProbabilities(rows.Of(output, r), distribution);
    shifts.push_back(logs[choice.first] - logs[choice.second] - choice.margin);
  }
  return shifts;
}

ChoiceLoss ExpectedLoss(std::span<const ClassChoice> choices, std::span<const double> shifts) {
  BW_CHECK(choices.size() == shifts.size());
  const std::size_t n = choices.size();
  ChoiceLoss loss;
  if (n == 0) return loss;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return choices[a].margin < choices[b].margin;
  });
  const double worst = *std::min_element(shifts.begin(), shifts.end());
  const std::size_t reach = std::clamp<std::size_t>(n / 8, 1, kMostNeighbours / 2);
  for (std::size_t rank = 0; rank < n; ++rank) {
    const ClassChoice& choice = choices[order[rank]];
    if (choice.margin + worst >= 0) break;  // nor does any surer one change
    const std::size_t begin = rank < reach ? 0 : rank - reach;
    const std::size_t end = std::min(n, rank + reach + 1);
    const auto changed =
        std::count_if(order.begin() + static_cast<std::ptrdiff_t>(begin),
                      order.begin() + static_cast<std::ptrdiff_t>(end),
                      [&](std::size_t other) { return choice.margin + shifts[other] < 0; });
    const double part = static_cast<double>(changed) / static_cast<double>(end - begin);
    loss.changed += part / static_cast<double>(n);
    loss.drop += part * (choice.p_first - choice.p_second) / static_cast<double>(n);
    loss.turned += part * (choice.p_first + choice.p_second) / static_cast<double>(n);
  }
  return loss;
}

}  // namespace bw
