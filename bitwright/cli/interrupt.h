#pragma once
// Ctrl-C while something worth keeping is there.

#include <string>

namespace bw {

// While it lives, the first SIGINT or SIGTERM asks for an end, the second ends the program at once.
// Before Arm the first ends it at once too: there is nothing to finish. One at a time.
class Interrupt {
 public:
  // `before` and `after` are printed on the standard error when the first signal comes before Arm,
  // or after it.
  Interrupt(const std::string& before, const std::string& after);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  void Arm();
  bool asked() const;
};

}  // namespace bw
