#include "bitwright/number/tune_program.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <regex>
#include <system_error>

#include "bitwright/base/file.h"
#include "bitwright/base/parallel.h"
#include "bitwright/base/temporary_folder.h"
#include "bitwright/base/text.h"
#include "bitwright/number/process.h"

namespace bw::number {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kErrorLines = 3;
// std::regex recurses once a character.
constexpr std::size_t kLongestLine = 4096;

struct Command {
  std::vector<std::string> words;
  bool has_plan = false;

  static Expected<Command> Parse(const std::string& text, const char* flag) {
    Command command;
    Expected<std::vector<std::string>> words = SplitCommand(text);
    if (!words) return FailUsage("{}: {}", flag, words.error().message);
    command.words = *std::move(words);
    command.has_plan = text.find("{plan}") != std::string::npos;
    return command;
  }
  std::vector<std::string> With(const std::string& plan_file) const {
    std::vector<std::string> words_with = words;
    for (std::string& word : words_with) word = ReplaceAll(std::move(word), "{plan}", plan_file);
    return words_with;
  }
};

// What one run gave: a value, or why there is none.
struct Answer {
  std::optional<double> value;
  std::string fault;
};

class Program {
 public:
  static Expected<std::unique_ptr<Program>> Make(const ProgramOptions& options);

  // Runs, without asking the memory. Writes the description when a file for it is given.
  Expected<Answer> Run(const Plan& plan, SampleSet set, const std::string& describe = "");
  // Answers from memory where it can; runs up to `jobs` at a time.
  Expected<std::vector<std::optional<double>>> Score(SampleSet set, std::span<const Plan> plans);
  void Remember(const Plan& plan, SampleSet set, const Answer& answer) {
    memory_[{set, plan.ToText()}] = answer;
  }
  std::string File(const std::string& name) const { return folder_->File(name); }
  std::size_t runs() const { return runs_; }
  std::vector<FailedRun>& failed() { return failed_; }

 private:
  explicit Program(const ProgramOptions& options) : options_(options) {}
  Answer Read(const ProcessResult& result) const;
  Expected<std::vector<Answer>> RunAll(SampleSet set, const std::vector<const Plan*>& plans);

  const ProgramOptions& options_;
  Command full_, small_;
  std::regex accuracy_;
  std::unique_ptr<TemporaryFolder> folder_;
  std::map<std::pair<SampleSet, std::string>, Answer> memory_;
  std::vector<FailedRun> failed_;
  std::atomic<std::size_t> runs_ = 0;
};

Expected<std::unique_ptr<Program>> Program::Make(const ProgramOptions& options) {
  std::unique_ptr<Program> program(new Program(options));
  BW_ASSIGN(program->full_, Command::Parse(options.run, "--run"));
  program->small_ = program->full_;
  if (!options.run_small.empty()) {
    BW_ASSIGN(program->small_, Command::Parse(options.run_small, "--run-small"));
  }
  try {
    program->accuracy_ = std::regex(options.accuracy_regex);
  } catch (const std::regex_error& error) {
    return FailUsage("--accuracy-regex: '{}' is no regular expression: {}", options.accuracy_regex,
                     error.what());
  }
  if (program->accuracy_.mark_count() < 1) {
    return FailUsage(
        "--accuracy-regex: '{}' has no group, one around the number is needed, like "
        "'acc=([0-9.]+)'",
        options.accuracy_regex);
  }
  BW_ASSIGN(program->folder_, TemporaryFolder::Make("bitwright-plans"));
  return program;
}

Answer Program::Read(const ProcessResult& result) const {
  const std::string how = result.How(options_.timeout_seconds);
  const std::string errors = LastLines(result.err, kErrorLines);
  const std::string tail = errors.empty() ? "" : "; its standard error ends: " + errors;
  if (!result.ok()) return {std::nullopt, how + tail};
  std::optional<std::string> found;
  for (std::string line : Split(result.out, '\n')) {
    if (line.size() > kLongestLine) line.erase(0, line.size() - kLongestLine);
    std::smatch match;
    if (std::regex_search(line, match, accuracy_)) found = match[1].str();
  }
  if (!found) {
    return {std::nullopt,
            fmt::format("no line of its output matches '{}', its last is '{}'{}",
                        options_.accuracy_regex, LastLines(result.out, kErrorLines), tail)};
  }
  char* end = nullptr;
  const double value = std::strtod(found->c_str(), &end);
  if (end == found->c_str() || *end != '\0' || !std::isfinite(value)) {
    return {std::nullopt, fmt::format("the accuracy is '{}', a number is needed{}", *found, tail)};
  }
  return {value, ""};
}

Expected<Answer> Program::Run(const Plan& plan, SampleSet set, const std::string& describe) {
  const Command& command = set == SampleSet::kSmall ? small_ : full_;
  const std::string file = File(fmt::format("plan-{}.txt", runs_.fetch_add(1)));
  BW_TRY(WriteFile(file, plan.ToText()));
  std::map<std::string, std::string> environment;
  if (!command.has_plan) environment["BITWRIGHT_PLAN"] = file;
  if (!describe.empty()) environment["BITWRIGHT_NUMBERS"] = describe;
  BW_ASSIGN(const ProcessResult result,
            RunProcess(command.With(file), environment, options_.timeout_seconds));
  std::error_code ignored;
  fs::remove(file, ignored);
  return Read(result);
}

Expected<std::vector<Answer>> Program::RunAll(SampleSet set,
                                              const std::vector<const Plan*>& plans) {
  std::vector<Answer> answers(plans.size());
  std::vector<std::optional<Error>> errors(plans.size());
  const int threads = std::min<int>(options_.jobs, static_cast<int>(plans.size()));
  ParallelFor(plans.size(), std::max(1, threads), [&](std::size_t i, int) {
    Expected<Answer> answer = Run(*plans[i], set);
    if (answer) {
      answers[i] = *std::move(answer);
    } else {
      errors[i] = answer.error();
    }
  });
  for (const std::optional<Error>& error : errors) {
    if (error) return tl::unexpected(*error);
  }
  return answers;
}

Expected<std::vector<std::optional<double>>> Program::Score(SampleSet set,
                                                            std::span<const Plan> plans) {
  std::vector<const Plan*> unknown;
  for (const Plan& plan : plans) {
    const auto [place, fresh] = memory_.try_emplace({set, plan.ToText()});
    if (fresh) unknown.push_back(&plan);
  }
  BW_ASSIGN(const std::vector<Answer> answers, RunAll(set, unknown));
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    Remember(*unknown[i], set, answers[i]);
    if (!answers[i].value) failed_.push_back({*unknown[i], set, answers[i].fault});
  }
  std::vector<std::optional<double>> values;
  for (const Plan& plan : plans) values.push_back(memory_.at({set, plan.ToText()}).value);
  return values;
}

bool HasName(const std::vector<NumberInfo>& numbers, const std::string& name) {
  return std::any_of(numbers.begin(), numbers.end(),
                     [&](const NumberInfo& number) { return number.name == name; });
}

// The names of the file against those of the program, where it told them.
Expected<void> CheckNames(const std::string& path, const std::vector<NumberInfo>& given,
                          const std::vector<NumberInfo>& told) {
  std::vector<std::string> names;
  for (const NumberInfo& number : told) names.push_back(number.name);
  for (const NumberInfo& number : given) {
    if (HasName(told, number.name)) continue;
    return Fail("{}: '{}' names no Number of the program, nearest is '{}'", path, number.name,
                Nearest(number.name, names));
  }
  return {};
}

// What the program told, what the file says, and what is left out of it.
Expected<std::vector<NumberInfo>> Numbers(const ProgramOptions& options, const std::string& file,
                                          std::vector<std::string>& left_out) {
  std::error_code error;
  std::vector<NumberInfo> told;
  if (fs::exists(file, error)) {
    BW_ASSIGN(const std::string text, ReadFile(file));
    BW_ASSIGN(told, ParseNumbers(text, "the program's description of its Numbers"));
  }
  if (options.numbers != "auto") {
    BW_ASSIGN(const std::string text, ReadFile(options.numbers));
    BW_ASSIGN(std::vector<NumberInfo> given, ParseNumbers(text, options.numbers));
    if (told.empty()) return given;
    BW_TRY(CheckNames(options.numbers, given, told));
    for (const NumberInfo& number : told) {
      if (!HasName(given, number.name)) left_out.push_back(number.name);
    }
    return given;
  }
  if (told.empty()) {
    return Fail(
        "'{}': the program told of no Numbers, at least one is needed; it must bind some by "
        "name, link bitwright::number and end by return from main or exit(), or give "
        "--numbers a file",
        options.run);
  }
  return told;
}

Plan FloatPlan(const std::vector<NumberInfo>& numbers) {
  Plan plan;
  for (const NumberInfo& number : numbers) plan.Set(number.name, Representation::Float32());
  return plan;
}

}  // namespace

Expected<ProgramResult> TuneProgram(const ProgramOptions& options) {
  BW_ASSIGN(const std::unique_ptr<Program> program, Program::Make(options));
  const std::string description = program->File("numbers.txt");
  BW_ASSIGN(const Answer first, program->Run({}, SampleSet::kFull, description));
  if (!first.value) {
    return Fail(
        "'{}' with all Numbers in float32: {}; allowed is a run that ends with exit code 0 "
        "and prints its accuracy",
        options.run, first.fault);
  }
  ProgramResult result;
  BW_ASSIGN(const std::vector<NumberInfo> numbers, Numbers(options, description, result.left_out));
  program->Remember(FloatPlan(numbers), SampleSet::kFull, first);
  TuneNumbersOptions tune = options.tune;
  tune.has_small_set = !options.run_small.empty();
  Expected<TuneNumbersResult> tuned = TuneNumbers(
      numbers, tune,
      [&](SampleSet set, std::span<const Plan> plans) { return program->Score(set, plans); });
  if (!tuned && program->failed().size() == 1 && !options.run_small.empty()) {
    return Fail("'{}' with all Numbers in float32: {}", options.run_small,
                program->failed().front().what);
  }
  if (!tuned) return tl::unexpected(tuned.error());
  result.tuned = *std::move(tuned);
  result.runs = program->runs();
  result.failed = std::move(program->failed());
  return result;
}

}  // namespace bw::number
