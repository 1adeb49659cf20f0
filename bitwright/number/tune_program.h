#pragma once
// Tunes the Numbers of a program that is run for each plan.

#include <string>
#include <vector>

#include "bitwright/number/tune.h"

namespace bw::number {

struct ProgramOptions {
  // The command; {plan} in it becomes the plan's file. Where {plan} is absent the file's name is in
  // the environment, BITWRIGHT_PLAN. Split as by SplitCommand, {plan} put in afterwards.
  std::string run;
  std::string run_small;  // on the small sample set; empty: there is none
  // ECMAScript; its first group is the accuracy. Searched in each line of the standard output (of
  // a longer line in its last 4096 characters); the last line that matches counts.
  std::string accuracy_regex;
  // "auto": asked of the program, which links the library; else a file (ParseNumbers).
  std::string numbers = "auto";
  double timeout_seconds = 60;  // of one run
  int jobs = 1;                 // runs at a time
  // Formats, bound, limits; has_small_set follows from run_small.
  TuneNumbersOptions tune;
};

// A run without an accuracy.
struct FailedRun {
  Plan plan;
  SampleSet set = SampleSet::kFull;
  std::string what;  // one line: how it ended, the last lines of its standard error
};

struct ProgramResult {
  TuneNumbersResult tuned;
  std::size_t runs = 0;
  std::vector<FailedRun> failed;
  std::vector<std::string> left_out;  // Numbers that the program has and the file does not
};

// Runs the program once with no plan (all float32), which describes its Numbers and gives the
// accuracy to hold; then searches. A plan under which the program crashes, runs over its time or
// prints no accuracy is refused and listed, and the search goes on. Every plan is run once per
// sample set. Fails when the first run does, when the program has no Numbers, and when the file
// names a Number that the program does not have.
Expected<ProgramResult> TuneProgram(const ProgramOptions& options);

}  // namespace bw::number
