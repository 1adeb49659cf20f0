#pragma once
// Runs a program to its end.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/base/error.h"

namespace bw::number {

// The words of a command line as a shell would split it: blanks separate; single quotes, double
// quotes and the backslash quote. Nothing else is special (no $, no *, no |, no >): for those run
// `sh -c '...'`. Fails on a quote that does not end and on no words.
Expected<std::vector<std::string>> SplitCommand(std::string_view command);

struct ProcessResult {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  bool timed_out = false;
  std::string out;  // the standard output, its last 16 MB
  std::string err;  // the end of the standard error

  bool ok() const { return exit_code == 0 && !timed_out; }
  // "exit code 3", "signal 11 (Segmentation fault)", "no end within 2 s"
  std::string How(double timeout_seconds) const;
};

// Runs words[0] (searched in PATH) with an empty standard input and `environment` added to ours. At
// the timeout it and its children are killed. Fails when it cannot be started.
Expected<ProcessResult> RunProcess(const std::vector<std::string>& words,
                                   const std::map<std::string, std::string>& environment,
                                   double timeout_seconds);

}  // namespace bw::number
