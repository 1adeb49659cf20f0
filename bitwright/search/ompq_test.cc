#include "bitwright/search/ompq.h"

#include <Cbc_C_Interface.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

namespace bw {
namespace {

// The linear program by COIN-OR's simplex.
double SolveLinear(const std::vector<double>& importance, const std::vector<double>& elements,
                   double low, double high, double budget) {
  const std::size_t n = importance.size();
  std::vector<CoinBigIndex> start{0};
  std::vector<int> rows(n, 0);
  for (std::size_t i = 0; i < n; ++i) start.push_back(static_cast<CoinBigIndex>(i + 1));
  const std::vector<double> lows(n, low), highs(n, high);
  const double row_low = -std::numeric_limits<double>::max();
  Cbc_Model* model = Cbc_newModel();
  Cbc_setParameter(model, "log", "0");
  Cbc_setParameter(model, "slog", "0");
  Cbc_setObjSense(model, -1);
  Cbc_loadProblem(model, static_cast<int>(n), 1, start.data(), rows.data(), elements.data(),
                  lows.data(), highs.data(), importance.data(), &row_low, &budget);
  Cbc_setObjSense(model, -1);
  Cbc_solve(model);
  const double* solution = Cbc_getColSolution(model);
  double value = 0;
  for (std::size_t i = 0; i < n; ++i) value += importance[i] * solution[i];
  Cbc_deleteModel(model);
  return value;
}

RC_GTEST_PROP(OmpqBits, IsTheOptimumOfTheLinearProgram, ()) {
  const auto n = *rc::gen::inRange<std::size_t>(1, 12);
  std::vector<double> importance(n), elements(n);
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    importance[i] = *rc::gen::inRange(1, 100);
    elements[i] = *rc::gen::inRange(1, 50);
    sum += elements[i];
  }
  const double budget = sum * *rc::gen::inRange(20, 90) / 10.0;
  const std::vector<double> bits = OmpqBits(importance, elements, 2, 8, budget);
  double value = 0, spent = 0;
  for (std::size_t i = 0; i < n; ++i) {
    value += importance[i] * bits[i];
    spent += elements[i] * bits[i];
    RC_ASSERT(bits[i] >= 2 && bits[i] <= 8);
  }
  RC_ASSERT(spent <= budget + 1e-9);
  const double linear = SolveLinear(importance, elements, 2, 8, budget);
  RC_ASSERT(std::abs(value - linear) < 1e-6 * std::abs(linear));
}

TEST(OmpqImportance, IsTheMeanFromTheLayerOn) {
  const std::vector<double> importance = OmpqImportance({3, 2, 4}, std::log(2.0));
  EXPECT_NEAR(importance[2], 0.25, 1e-12);
  EXPECT_NEAR(importance[1], (1 + 0.25) / 2, 1e-12);
  EXPECT_NEAR(importance[0], (0.5 + 1 + 0.25) / 3, 1e-12);
}

}  // namespace
}  // namespace bw
