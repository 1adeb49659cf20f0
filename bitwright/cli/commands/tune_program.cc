#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "bitwright/base/file.h"
#include "bitwright/cli/command.h"
#include "bitwright/cli/program_report.h"
#include "bitwright/cli/progress_bar.h"

namespace bw::commands {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMaxJobs = 1024;

struct Options {
  number::ProgramOptions program;
  std::string out, max_drop, budget = "5m", objective = "bits";
  std::optional<double> min_accuracy, max_accuracy;
  bool lower_is_better = false, json = false;
};

// A number with an optional last character of `units`; nullopt when it is none.
std::optional<std::pair<double, char>> NumberWithUnit(const std::string& text,
                                                      std::string_view units) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string_view unit(end);
  const bool known = unit.empty() || (unit.size() == 1 && units.find(unit) != units.npos);
  if (end == text.c_str() || !known || !(value >= 0)) return std::nullopt;
  return std::pair(value, unit.empty() ? '\0' : unit[0]);
}

// --max-drop, --min-accuracy, --max-accuracy, --lower-is-better.
Expected<number::AccuracyBound> Bound(const Options& options) {
  number::AccuracyBound bound;
  bound.lower_is_better = options.lower_is_better;
  if (options.min_accuracy && options.lower_is_better) {
    return FailUsage("--min-accuracy: not with --lower-is-better; give --max-accuracy");
  }
  if (options.max_accuracy && !options.lower_is_better) {
    return FailUsage("--max-accuracy: it needs --lower-is-better; or give --min-accuracy");
  }
  bound.limit = options.lower_is_better ? options.max_accuracy : options.min_accuracy;
  if (options.max_drop.empty()) return bound;
  const auto drop = NumberWithUnit(options.max_drop, "%");
  if (!drop) {
    return FailUsage(
        "--max-drop: '{}' is no amount; give a share of the float32 value like 1% or "
        "an amount in its unit like 0.5",
        options.max_drop);
  }
  if (drop->second == '%') {
    bound.relative_drop = drop->first / 100;
  } else {
    bound.absolute_drop = drop->first;
  }
  return bound;
}

Expected<Clock::duration> Budget(const std::string& text) {
  const auto time = NumberWithUnit(text, "smh");
  if (!time || time->first <= 0) {
    return FailUsage("--budget: '{}' is no time; give it like 90s, 5m or 1h", text);
  }
  const double factor = time->second == 'm' ? 60 : time->second == 'h' ? 3600 : 1;
  return std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(time->first * factor));
}

Expected<number::ProgramOptions> Finish(const Options& options, Clock::time_point start) {
  number::ProgramOptions program = options.program;
  BW_ASSIGN(program.tune.bound, Bound(options));
  BW_ASSIGN(const Clock::duration budget, Budget(options.budget));
  if (const auto types = number::ParseTypes(program.tune.formats); !types) {
    return FailUsage("--formats: {}", types.error().message);
  }
  program.tune.objective = options.objective == "bytes"    ? number::Objective::kBytes
                           : options.objective == "stores" ? number::Objective::kStores
                                                           : number::Objective::kBits;
  program.tune.out_of_time = [start, budget] { return Clock::now() - start > budget; };
  program.tune.best = [file = options.out + "/plan.txt"](const number::Plan& plan, double) {
    return WriteFile(file, plan.ToText());
  };
  program.tune.progress = TerminalProgress();
  return program;
}

// What the user should know that is not in the summary; on the standard error.
void Warn(const ProgramReport& report) {
  const auto& failed = report.result.failed;
  if (!failed.empty()) {
    std::string plan = failed.front().plan.ToText();
    for (char& c : plan) c = c == '\n' ? ';' : c;
    fmt::print(stderr,
               "bitwright: {} of {} runs gave no accuracy and were refused; the first: {}; its "
               "plan: {}\n",
               failed.size(), report.result.runs, failed.front().what, plan);
  }
  if (!report.kept()) {
    fmt::print(stderr,
               "bitwright: in float32 the value is {:.6g}, {:.6g} is allowed; loosen the bound\n",
               report.result.tuned.float_value, report.result.tuned.bound);
  }
}

Expected<void> Write(const Options& options, const ProgramReport& report) {
  const std::string json = ReportToJson(report), text = ReportToText(report);
  BW_TRY(WriteFile(options.out + "/plan.txt", report.result.tuned.plan.ToText()));
  BW_TRY(WriteFile(options.out + "/report.json", json));
  BW_TRY(WriteFile(options.out + "/report.txt", text));
  if (options.json) {
    fmt::print("{}", json);
  } else {
    fmt::print("{}\nresults in {}: plan.txt report.json report.txt\n", text, options.out);
  }
  return {};
}

Expected<int> Run(const Options& options) {
  const Clock::time_point start = Clock::now();
  BW_ASSIGN(const number::ProgramOptions program, Finish(options, start));
  BW_TRY(MakeFolder(options.out));
  Expected<number::ProgramResult> result = number::TuneProgram(program);
  ClearProgress();
  if (!result) return tl::unexpected(result.error());
  ProgramReport report{program.run, options.objective, program.tune.bound, *std::move(result), 0};
  report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  BW_TRY(Write(options, report));
  Warn(report);
  return report.kept() ? 0 : static_cast<int>(ErrorKind::kConstraint);
}

void AddBound(CLI::App& app, Options& options) {
  app.add_option("--max-drop", options.max_drop,
                 "allowed loss: a share of the float32 value (1%) or an amount in its unit (0.5); "
                 "by default 1%");
  app.add_option("--min-accuracy", options.min_accuracy, "the least value allowed, instead");
  app.add_option("--max-accuracy", options.max_accuracy,
                 "the greatest value allowed, with --lower-is-better");
  app.add_flag("--lower-is-better", options.lower_is_better,
               "the value is an error: less is better");
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  number::ProgramOptions& program = options->program;
  app.add_option("--run", program.run,
                 "the command; {plan} in it becomes the plan's file (else BITWRIGHT_PLAN names it)")
      ->required();
  app.add_option("--run-small", program.run_small,
                 "the same on a small sample set, for the first phases");
  app.add_option("--accuracy-regex", program.accuracy_regex,
                 "finds the value in a line of the output; its first group is the number")
      ->required();
  AddBound(app, *options);
  app.add_option("--objective", options->objective,
                 "what to make small: bits | bytes | stores (bits stored while it runs)")
      ->check(CLI::IsMember({"bits", "bytes", "stores"}));
  app.add_option("--formats", program.tune.formats,
                 "formats to choose among: names, ranges, globs");
  app.add_option("--group", program.tune.groups,
                 "pattern of names that share a width and a type; may be repeated");
  app.add_option("--keep", program.tune.keep, "pattern of names that stay float32");
  app.add_option("--numbers", program.numbers,
                 "file with lines '<name> <elements> <max_abs>', or auto: ask the program");
  app.add_option("-o,--out", options->out, "folder for plan.txt and the report")->required();
  app.add_option("--budget", options->budget,
                 "time: 90s, 5m, 1h; the best plan so far is always on disk");
  app.add_option("--evaluations", program.tune.evaluations, "at most so many runs")
      ->check(CLI::PositiveNumber);
  app.add_option("--timeout", program.timeout_seconds, "seconds that one run may take")
      ->check(CLI::PositiveNumber);
  app.add_option("--jobs", program.jobs, "runs at a time")->check(CLI::Range(1, kMaxJobs));
  app.add_flag("--json", options->json, "print the report as JSON");
  return [options] { return Run(*options); };
}

}  // namespace

BW_ENTRY(Command, tune_program) = {
    "tune-program", "chooses the representation of every Number of a C++ program", Prepare};

}  // namespace bw::commands
