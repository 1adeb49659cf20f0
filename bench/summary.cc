#include "summary.h"

#include <fmt/format.h>

#include <algorithm>

namespace bw::bench {
namespace {

struct Case {
  std::string format;
  double value = 0;
};

std::string Names(const std::vector<Case>& cases, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < cases.size() && i < most; ++i) {
    text += fmt::format("{}{} {:.0f}", i == 0 ? "" : ", ", cases[i].format, cases[i].value);
  }
  if (cases.size() > most) text += fmt::format(" and {} more", cases.size() - most);
  return text.empty() ? "none" : text;
}

}  // namespace

bool Summary::ReportContext(const Context&) { return true; }

void Summary::ReportRuns(const std::vector<Run>& runs) {
  std::vector<double> times;
  for (const Run& run : runs) {
    if (run.error_occurred) {
      fmt::print(stderr, "{}: {}\n", run.benchmark_name(), run.error_message);
      continue;
    }
    if (run.run_type != Run::RT_Iteration) continue;
    const auto elements = run.counters.find("elements");
    if (elements == run.counters.end()) continue;
    times.push_back(run.cpu_accumulated_time * 1e9 / static_cast<double>(run.iterations) /
                    elements->second.value);
  }
  if (times.empty()) return;
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                   times.end());
  nanoseconds_[runs.front().run_name.function_name] = times[times.size() / 2];
}

double Summary::Of(const std::string& name) const {
  const auto found = nanoseconds_.find(name);
  return found == nanoseconds_.end() ? 0 : found->second;
}

void Summary::PrintRow(const std::string& operation, double bytes, double wanted) const {
  const double copy = 8 / Of("copy/float");
  std::vector<Case> cases, below;
  const std::string prefix = operation + "/";
  for (const auto& [name, time] : nanoseconds_) {
    if (!name.starts_with(prefix)) continue;
    const double percent = 100 * bytes / time / copy;
    cases.push_back({name.substr(prefix.size()), percent});
    if (percent < wanted) below.push_back(cases.back());
  }
  if (cases.empty()) return;
  const auto less = [](const Case& a, const Case& b) { return a.value < b.value; };
  std::sort(cases.begin(), cases.end(), less);
  std::sort(below.begin(), below.end(), less);
  const Case& median = cases[cases.size() / 2];
  fmt::print("| {} | {:.0f} % | {:.0f} % of copy ({:.1f} GB/s) | {} {:.0f} % | {} of {} | {} |\n",
             operation, wanted, median.value, median.value * copy / 100, cases.front().format,
             cases.front().value, cases.size() - below.size(), cases.size(), Names(below, 12));
}

void Summary::PrintReference(const std::string& operation) const {
  std::vector<Case> cases, below;
  const std::string prefix = operation + "/";
  for (const auto& [name, time] : nanoseconds_) {
    if (!name.starts_with(prefix)) continue;
    const double reference = Of("reference_" + name);
    if (reference == 0) continue;
    cases.push_back({name.substr(prefix.size()), reference / time});
    if (cases.back().value < 20) below.push_back(cases.back());
  }
  if (cases.empty()) return;
  const auto less = [](const Case& a, const Case& b) { return a.value < b.value; };
  std::sort(cases.begin(), cases.end(), less);
  std::sort(below.begin(), below.end(), less);
  fmt::print("| {} | 20 x | {:.0f} x the scalar reference | {} {:.0f} x | {} of {} | {} |\n",
             operation, cases[cases.size() / 2].value, cases.front().format, cases.front().value,
             cases.size() - below.size(), cases.size(), Names(below, 12));
}

void Summary::PrintPacking(const std::string& operation) const {
  const double four = Of(operation + "/4");
  if (four == 0) return;
  std::string text;
  double worst = 1e9;
  for (const int bits : {3, 5, 6}) {
    const double ratio = four / Of(fmt::format("{}/{}", operation, bits));
    worst = std::min(worst, ratio);
    text += fmt::format("{}{} bits {:.2f}", text.empty() ? "" : ", ", bits, ratio);
  }
  fmt::print("| {} | 0.5 x | 4 bits: {:.1f} G codes/s | {:.2f} x | | {} |\n", operation, 1 / four,
             worst, text);
}

void Summary::PrintSearch() const {
  std::vector<Case> cases;
  for (const auto& [name, time] : nanoseconds_) {
    if (!name.starts_with("search/")) continue;
    const std::string format = name.substr(7);
    cases.push_back({format, time / Of("one/" + format)});
  }
  if (cases.empty()) return;
  std::sort(cases.begin(), cases.end(),
            [](const Case& a, const Case& b) { return a.value > b.value; });
  std::string text;
  for (const Case& one : cases) {
    text += fmt::format("{}{} {:.0f} ({:.2f} ms)", text.empty() ? "" : ", ", one.format, one.value,
                        Of("search/" + one.format) * 1.048576);
  }
  const auto met =
      std::count_if(cases.begin(), cases.end(), [](const Case& one) { return one.value <= 25; });
  fmt::print(
      "| 64 scales of 2^20 values | 25 x | {:.0f} x one fake-quantize | {} {:.0f} x | {} of {} "
      "| {} |\n",
      cases[cases.size() / 2].value, cases.front().format, cases.front().value, met, cases.size(),
      text);
}

void Summary::Print() const {
  if (Of("copy/float") == 0) {
    fmt::print(stderr, "the copy has not run: nothing to compare with\n");
    return;
  }
  fmt::print("Copy from L2 to L2: {:.1f} GB/s (bytes read and written)\n\n", 8 / Of("copy/float"));
  fmt::print("| operation | wanted | median format | worst | met | below, or all |\n");
  fmt::print("|---|---|---|---|---|---|\n");
  PrintRow("encode", 5, 30);
  PrintRow("decode", 5, 50);
  PrintRow("fake_quantize", 8, 50);
  for (const char* operation : {"encode", "decode", "fake_quantize"}) PrintReference(operation);
  PrintSearch();
  PrintPacking("pack");
  PrintPacking("unpack");
}

}  // namespace bw::bench
