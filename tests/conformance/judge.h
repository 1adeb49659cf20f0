#pragma once
// One test: imported, run every way there is, compared.

#include <string>

#include "suite.h"

namespace bw::conformance {

enum class Verdict { kPass, kRefused, kWrong };

struct Outcome {
  Verdict verdict = Verdict::kPass;
  std::string message;  // the refusal, or the first difference
};

// Why a test's expected outputs are not followed; empty: they are.
std::string Dispute(const std::string& test);

// Runs the interpreter with the reference and with the fast kernels, and the executor where every
// type is known beforehand; all must give the expected outputs.
Outcome Judge(const Test& test);

}  // namespace bw::conformance
