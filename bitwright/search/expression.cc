#include "bitwright/search/expression.h"

#include <fmt/ranges.h>
#include <muParser.h>

#include <algorithm>
#include <cmath>

#include "bitwright/base/text.h"

namespace bw {

struct Expression::State {
  mu::Parser parser;
  std::vector<double> values;  // by name; the parser reads them
  std::vector<std::size_t> used;
};

namespace {

mu::value_type Thousand(mu::value_type x) { return x * 1e3; }
mu::value_type Million(mu::value_type x) { return x * 1e6; }
mu::value_type Milliard(mu::value_type x) { return x * 1e9; }
mu::value_type Percent(mu::value_type x) { return x / 100; }

void DefineSuffixes(mu::Parser& parser) {
  // The default operators have no '%', so it is free to be a suffix.
  parser.DefinePostfixOprt("k", Thousand);
  parser.DefinePostfixOprt("M", Million);
  parser.DefinePostfixOprt("G", Milliard);
  parser.DefinePostfixOprt("%", Percent);
}

std::string Problem(const mu::ParserError& error, std::span<const std::string> names) {
  if (error.GetCode() != mu::ecUNASSIGNABLE_TOKEN) return error.GetMsg();
  return fmt::format("unknown '{}', nearest is '{}' (known: {})", error.GetToken(),
                     Nearest(error.GetToken(), names), fmt::join(names, ", "));
}

}  // namespace

Expected<Expression> Expression::Parse(const std::string& text,
                                       std::span<const std::string> names) {
  auto state = std::make_shared<State>();
  state->values.assign(names.size(), 1.0);
  try {
    state->parser.DefineOprtChars(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-*^/?<>=#!$%&|~'_");
    DefineSuffixes(state->parser);
    for (std::size_t i = 0; i < names.size(); ++i)
      state->parser.DefineVar(names[i], &state->values[i]);
    state->parser.SetExpr(text);
    const auto& used = state->parser.GetUsedVar();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (used.contains(names[i])) state->used.push_back(i);
    }
    state->parser.Eval();
  } catch (const mu::ParserError& error) {
    return FailUsage("'{}': {}", text, Problem(error, names));
  }
  return Expression(std::move(state));
}

double Expression::operator()(std::span<const double> values) const {
  std::copy(values.begin(), values.end(), state_->values.begin());
  return state_->parser.Eval();
}

const std::vector<std::size_t>& Expression::used() const { return state_->used; }

Expected<Comparison> ParseComparison(const std::string& text) {
  const std::size_t at = text.find_first_of("<>");
  if (at == std::string::npos || text.find_first_of("<>", at + 1) != std::string::npos) {
    return FailUsage("'{}' is no demand, one of the form COST<=LIMIT or COST>=LIMIT is needed",
                     text);
  }
  const std::size_t after = at + (text.compare(at + 1, 1, "=") == 0 ? 2 : 1);
  return Comparison{text.substr(0, at), text.substr(after), text[at] == '<'};
}

}  // namespace bw
