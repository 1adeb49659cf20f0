#include "bitwright/search/integer_program.h"

#include <Cbc_C_Interface.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

namespace bw {
namespace {

// A matrix by columns, as the solver takes it: one column for each choice, one row for each
// decision (its choices add up to 1), then one for each bound.
struct Columns {
  std::vector<CoinBigIndex> start{0};
  std::vector<int> row;
  std::vector<double> value, objective, row_low, row_high;
};

double Largest(const ChoiceTable& table) {
  double largest = 1e-300;
  for (const std::vector<double>& row : table) {
    for (const double x : row) largest = std::max(largest, std::abs(x));
  }
  return largest;
}

// Less the least of each decision, which any assignment has; their sum goes to `constant`. Else
// the solver would have to tell choices apart by the last digits of what they share (and has ended
// the program by an assertion on bounds that crossed).
ChoiceTable WithoutLeast(ChoiceTable table, double& constant) {
  constant = 0;
  for (std::vector<double>& row : table) {
    const double least = *std::min_element(row.begin(), row.end());
    constant += least;
    for (double& x : row) x -= least;
  }
  return table;
}

Columns MakeColumns(const ChoiceTable& objective, const std::vector<LinearBound>& bounds) {
  Columns columns;
  columns.row_low.assign(objective.size(), 1.0);
  columns.row_high.assign(objective.size(), 1.0);
  std::vector<double> units;
  for (const LinearBound& bound : bounds) {
    units.push_back(Largest(bound.coefficients));
    columns.row_low.push_back(-std::numeric_limits<double>::max());
    columns.row_high.push_back(bound.limit / units.back());
  }
  const double unit = Largest(objective);
  for (std::size_t d = 0; d < objective.size(); ++d) {
    for (std::size_t c = 0; c < objective[d].size(); ++c) {
      columns.objective.push_back(objective[d][c] / unit);
      columns.row.push_back(static_cast<int>(d));
      columns.value.push_back(1);
      for (std::size_t b = 0; b < bounds.size(); ++b) {
        columns.row.push_back(static_cast<int>(objective.size() + b));
        columns.value.push_back(bounds[b].coefficients[d][c] / units[b]);
      }
      columns.start.push_back(static_cast<CoinBigIndex>(columns.row.size()));
    }
  }
  return columns;
}

using Model = std::unique_ptr<Cbc_Model, decltype(&Cbc_deleteModel)>;

Model Load(const Columns& columns) {
  const auto count = columns.objective.size();
  const std::vector<double> low(count, 0.0), high(count, 1.0);
  Model model(Cbc_newModel(), Cbc_deleteModel);
  Cbc_setParameter(model.get(), "log", "0");
  Cbc_setParameter(model.get(), "slog", "0");
  Cbc_setParameter(model.get(), "ratioGap", "0");
  Cbc_setParameter(model.get(), "allowableGap", "0");
  Cbc_loadProblem(model.get(), static_cast<int>(count), static_cast<int>(columns.row_low.size()),
                  columns.start.data(), columns.row.data(), columns.value.data(), low.data(),
                  high.data(), columns.objective.data(), columns.row_low.data(),
                  columns.row_high.data());
  for (std::size_t i = 0; i < count; ++i) Cbc_setInteger(model.get(), static_cast<int>(i));
  return model;
}

}  // namespace

Expected<std::optional<Assignment>> SolveIntegerProgram(const ChoiceTable& objective,
                                                        const std::vector<LinearBound>& bounds) {
  double constant = 0;
  std::vector<LinearBound> shifted;
  for (const LinearBound& bound : bounds) {
    ChoiceTable coefficients = WithoutLeast(bound.coefficients, constant);
    shifted.push_back({std::move(coefficients), bound.limit - constant});
  }
  const Model model = Load(MakeColumns(WithoutLeast(objective, constant), shifted));
  Cbc_solve(model.get());
  if (Cbc_isProvenInfeasible(model.get()) != 0) return std::nullopt;
  if (Cbc_isProvenOptimal(model.get()) == 0)
    return Fail("integer program: the solver gave up with status {}", Cbc_status(model.get()));
  const double* solution = Cbc_getColSolution(model.get());
  Assignment assignment;
  for (const std::vector<double>& row : objective) {
    const auto choices = static_cast<std::ptrdiff_t>(row.size());
    assignment.push_back(
        static_cast<std::size_t>(std::max_element(solution, solution + choices) - solution));
    solution += choices;
  }
  return assignment;
}

}  // namespace bw
