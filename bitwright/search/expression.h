#pragma once
// A formula over named numbers, as the user writes it (muParser's arithmetic; the suffixes k, M, G
// mean 1e3, 1e6, 1e9 and % a hundredth).

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bitwright/base/error.h"

namespace bw {

class Expression {
 public:
  // `names` are the numbers that there are. An error says what is wrong, and the nearest name.
  static Expected<Expression> Parse(const std::string& text, std::span<const std::string> names);

  // Values in the order of the names. From one thread at a time.
  double operator()(std::span<const double> values) const;

  // Which of the names occur, ascending.
  const std::vector<std::size_t>& used() const;

 private:
  struct State;
  explicit Expression(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// "a <= b" or "a >= b" (< and > mean the same): two formulas.
struct Comparison {
  std::string left, right;
  bool at_most = true;
};
Expected<Comparison> ParseComparison(const std::string& text);

}  // namespace bw
