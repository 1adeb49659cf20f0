// ONNX's backend node tests against Bitwright.
//
//   conformance <archive>                 counts; the refused and the wrong ones; fails below 90 %
//   conformance <archive> --list <file>   writes the list for docs/operators.md
//   conformance <archive> --check <file>  fails when that file is out of date
//   conformance <archive> --only <name>   one test
//
// Exits with 77 when the archive is not there.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <map>

#include "bitwright/base/file.h"
#include "judge.h"
#include "listing.h"

namespace bw::conformance {
namespace {

constexpr int kSkip = 77;
constexpr double kShare = 0.9;

int Summary(const std::vector<Result>& results) {
  int passed = 0, refused = 0, wrong = 0;
  for (const Result& result : results) {
    if (!result.out_of_scope.empty()) continue;
    const Verdict verdict = result.outcome.verdict;
    (verdict == Verdict::kPass ? passed : verdict == Verdict::kRefused ? refused : wrong)++;
    if (verdict == Verdict::kPass) continue;
    fmt::print("{} {}: {}\n", verdict == Verdict::kWrong ? "WRONG" : "refused", result.name,
               result.outcome.message);
  }
  const int all = passed + refused + wrong;
  const double share = all == 0 ? 0 : static_cast<double>(passed) / all;
  fmt::print("{} of {} in scope pass ({:.1f} %), {} refused, {} wrong\n", passed, all, 100 * share,
             refused, wrong);
  return wrong == 0 && share >= kShare ? 0 : 1;
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.empty() || !std::filesystem::exists(arguments[0])) {
    fmt::print("skipped: the archive of ONNX's node tests is not there\n");
    return kSkip;
  }
  const std::string mode = arguments.size() > 2 ? arguments[1] : "";
  auto tests = ReadSuite(arguments[0]);
  if (!tests) {
    fmt::print("{}\n", tests.error().message);
    return 1;
  }
  std::vector<Result> results;
  for (const Test& test : *tests) {
    if (mode == "--only" && test.name != arguments[2]) continue;
    results.push_back(Evaluate(test));
  }
  if (mode == "--list" || mode == "--check") {
    const std::string listing = Listing(results);
    if (mode == "--list") return WriteFile(arguments[2], listing) ? 0 : 1;
    const auto present = ReadFile(arguments[2]);
    if (present && *present == listing) return 0;
    fmt::print("{} is out of date: write it anew with --list\n", arguments[2]);
    return 1;
  }
  return Summary(results);
}

}  // namespace
}  // namespace bw::conformance

int main(int argc, char** argv) {
  return bw::conformance::Main(std::vector<std::string>(argv + 1, argv + argc));
}
