#pragma once
// What tune-program leaves beside the plan: report.json and report.txt.

#include <string>

#include "bitwright/number/tune_program.h"

namespace bw {

struct ProgramReport {
  std::string program, objective;
  number::AccuracyBound bound;
  number::ProgramResult result;
  double seconds = 0;

  bool kept() const { return result.tuned.feasible; }
};

// Keys: docs/number.md.
std::string ReportToJson(const ProgramReport& report);
std::string ReportToText(const ProgramReport& report);

}  // namespace bw
