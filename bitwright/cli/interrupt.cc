#include "bitwright/cli/interrupt.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>

#include "bitwright/base/check.h"

namespace bw {
namespace {

constexpr std::array<int, 2> kSignals = {SIGINT, SIGTERM};

// What a signal handler may touch.
std::atomic<bool> living = false, armed = false, was_asked = false;
static_assert(std::atomic<bool>::is_always_lock_free);
std::string text_before, text_after;

void Print(const std::string& text) {
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

void Handle(int signal) {
  const bool first = !was_asked.exchange(true);
  if (first && armed) return Print(text_after);
  if (first) Print(text_before);
  // As if there were no handler, so that a shell sees what ended the program.
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

Interrupt::Interrupt(const std::string& before, const std::string& after) {
  BW_CHECK(!living.exchange(true));
  text_before = before;
  text_after = after;
  armed = was_asked = false;
  for (const int signal : kSignals) std::signal(signal, Handle);
}

Interrupt::~Interrupt() {
  for (const int signal : kSignals) std::signal(signal, SIG_DFL);
  living = false;
}

void Interrupt::Arm() { armed = true; }
bool Interrupt::asked() const { return was_asked; }

}  // namespace bw
