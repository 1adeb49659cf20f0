#include "bitwright/cli/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "bitwright/base/text.h"

namespace bw {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

struct Bar {
  std::string stage;
  Clock::time_point start = Clock::now(), drawn;

  void Update(std::string_view what, double fraction) {
    const Clock::time_point now = Clock::now();
    if (what != stage) {
      stage = what;
      start = now;
    }
    const double elapsed = Seconds(now - start);
    if (elapsed < 1 || Seconds(now - drawn) < 0.1) return;
    drawn = now;
    constexpr int kWidth = 30;
    const int filled = static_cast<int>(kWidth * std::clamp(fraction, 0.0, 1.0));
    const std::string left = fraction > 0 ? HumanSeconds(elapsed / fraction - elapsed) : "?";
    fmt::print(stderr, "\r\033[K{:<18} [{:#>{}}{:.>{}}] {:3.0f} %  {} left", stage, "", filled, "",
               kWidth - filled, 100 * fraction, left);
    std::fflush(stderr);
  }
};

}  // namespace

Progress TerminalProgress() {
  if (isatty(STDERR_FILENO) == 0) return {};
  return
      [bar = Bar()](std::string_view what, double fraction) mutable { bar.Update(what, fraction); };
}

void ClearProgress() {
  if (isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\033[K");
}

}  // namespace bw
