#pragma once
// A line of progress with the time left on a terminal's standard error; nothing when it is no
// terminal.

#include <string>

#include "bitwright/base/progress.h"

namespace bw {

// Drawn at most ten times a second, from one second on; erased by ClearProgress.
Progress TerminalProgress();
void ClearProgress();

}  // namespace bw
