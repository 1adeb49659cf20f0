#include "bitwright/base/memory.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <charconv>
#include <fstream>
#include <string>

namespace bw {
namespace {

constexpr std::string_view kUnits = "kmgt";

std::atomic<std::size_t> bound = 0;  // 0: half of the machine's

// The number of kilobytes that /proc/self/status gives for this key, as bytes.
std::size_t Status(std::string_view key) {
  std::ifstream status("/proc/self/status");
  std::string word;
  std::size_t kilobytes = 0;
  while (status >> word) {
    if (word == key && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

Expected<std::size_t> ParseBytes(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  double factor = 1;
  bool known = rest == end;
  if (rest + 1 == end) {
    const std::size_t unit = kUnits.find(static_cast<char>(std::tolower(*rest)));
    known = unit != std::string_view::npos;
    for (std::size_t i = 0; known && i <= unit; ++i) factor *= 1000;
  }
  if (error != std::errc() || !known || !(value * factor >= 1) || value * factor > 1e18)
    return FailUsage("'{}' is no amount of memory; give bytes, or like 500m or 2g", text);
  return static_cast<std::size_t>(value * factor);
}

std::size_t MachineMemory() {
  const auto machine = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::ifstream group("/sys/fs/cgroup/memory.max");
  std::size_t limit = 0;
  return group >> limit ? std::min(machine, limit) : machine;
}

std::size_t ResidentMemory() { return Status("VmRSS:"); }
std::size_t PeakMemory() { return Status("VmHWM:"); }

void ReturnFreedMemory() {
  constexpr int kLarge = 1 << 22;
  mallopt(M_MMAP_THRESHOLD, kLarge);
}

void SetMemoryBound(std::size_t bytes) { bound = bytes; }
std::size_t MemoryBound() { return bound != 0 ? bound.load() : MachineMemory() / 2; }

std::size_t FreeMemory() {
  malloc_trim(0);  // what was freed counts as free
  constexpr std::size_t kMostReserved = 64'000'000;
  const std::size_t reserved = std::min(MemoryBound() / 8, kMostReserved);
  return MemoryBound() - std::min(MemoryBound(), ResidentMemory() + reserved);
}

}  // namespace bw
