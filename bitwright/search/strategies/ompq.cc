// OMPQ's linear program over the orthogonality of layers.

#include "bitwright/search/ompq.h"

#include <algorithm>

#include "bitwright/search/level.h"
#include "bitwright/search/strategy.h"

namespace bw::strategies {
namespace {

constexpr double kBeta = 10;  // of the authors' ResNet-18 example
constexpr double kWidest = 8;

constexpr StrategyParameter kParameters[] = {
    {"beta", "how strongly orthogonality counts; 10 without it", 0, 1000}};

std::vector<double> FirstColumn(const ChoiceTable& table) {
  std::vector<double> column;
  for (const std::vector<double>& row : table) column.push_back(row[0]);
  return column;
}

// The widest choice of at most `bits`, else the narrowest.
std::size_t Rounded(const std::vector<double>& widths, double bits) {
  std::size_t best =
      static_cast<std::size_t>(std::min_element(widths.begin(), widths.end()) - widths.begin());
  for (std::size_t c = 0; c < widths.size(); ++c) {
    if (widths[c] <= bits + 1e-9 && widths[c] > widths[best]) best = c;
  }
  return best;
}

Expected<void> Run(Problem& problem, const StrategyParameters& parameters) {
  BW_ASSIGN(const ChoiceTable gamma, problem.Fact("likeness"));
  BW_ASSIGN(const ChoiceTable elements, problem.Fact("elements"));
  BW_ASSIGN(const ChoiceTable widths, problem.Fact("width"));
  const auto beta = parameters.find("beta");
  const std::vector<double> importance =
      OmpqImportance(FirstColumn(gamma), beta == parameters.end() ? kBeta : beta->second);
  const std::vector<double> sizes = FirstColumn(elements);
  double low = kWidest, total = 0;
  for (const std::vector<double>& row : widths)
    low = std::min(low, *std::min_element(row.begin(), row.end()));
  for (const double size : sizes) total += size;
  return BisectLevel(problem, [&](double level) -> Expected<Assignment> {
    const double budget = total * (kWidest + level * (low - kWidest));
    const std::vector<double> bits = OmpqBits(importance, sizes, low, kWidest, budget);
    Assignment assignment;
    for (std::size_t d = 0; d < bits.size(); ++d) assignment.push_back(Rounded(widths[d], bits[d]));
    return assignment;
  });
}

}  // namespace

BW_ENTRY(Strategy, ompq) = {
    "ompq", "widths by the orthogonality of layers, within as small a size as the accuracy allows",
    "OMPQ, arXiv 2109.07865; activations beside weights, rounding down: our interpretation",
    kParameters, Run};

}  // namespace bw::strategies
