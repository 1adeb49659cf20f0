#pragma once
// What is supported and what is refused, as docs/operators.md.

#include <string>
#include <vector>

#include "judge.h"

namespace bw::conformance {

struct Result {
  std::string name, operators;
  std::string out_of_scope;  // why; empty: in scope
  Outcome outcome;
};

Result Evaluate(const Test& test);

std::string Listing(const std::vector<Result>& results);

}  // namespace bw::conformance
