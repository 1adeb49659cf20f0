#include "bitwright/cli/judge_program.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "bitwright/base/file.h"
#include "bitwright/base/text.h"
#include "bitwright/export/export_onnx.h"
#include "bitwright/number/process.h"

namespace bw {
namespace {

constexpr std::string_view kPlace = "{model.onnx}";
constexpr std::size_t kErrorLines = 3;

// The whole line, blanks aside, as a finite number.
std::optional<double> Number(const std::string& line) {
  char* end = nullptr;
  const double value = std::strtod(line.c_str(), &end);
  if (end == line.c_str() || !std::isfinite(value)) return std::nullopt;
  if (std::string_view(end).find_first_not_of(" \t\r") != std::string_view::npos)
    return std::nullopt;
  return value;
}

}  // namespace

Expected<std::unique_ptr<JudgeProgram>> JudgeProgram::Make(const JudgeOptions& options) {
  std::unique_ptr<JudgeProgram> judge(new JudgeProgram(options));
  Expected<std::vector<std::string>> words = number::SplitCommand(options.command);
  if (!words) return FailUsage("--evaluate: {}", words.error().message);
  judge->words_ = *std::move(words);
  judge->names_model_ = options.command.find(kPlace) != std::string::npos;
  BW_ASSIGN(judge->folder_, TemporaryFolder::Make("bitwright-judge"));
  return judge;
}

Expected<JudgeProgram::Answer> JudgeProgram::Run(const Graph& graph) {
  const std::string file = folder_->File(fmt::format("{}.onnx", runs_++));
  BW_ASSIGN(const std::string bytes, ExportOnnx(graph));
  BW_TRY(WriteFile(file, bytes));
  std::vector<std::string> words = words_;
  for (std::string& word : words) word = ReplaceAll(std::move(word), kPlace, file);
  std::map<std::string, std::string> environment;
  if (!names_model_) environment["BITWRIGHT_MODEL"] = file;
  const auto result = number::RunProcess(words, environment, options_.timeout_seconds);
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  if (!result) return tl::unexpected(result.error());
  const std::string errors = LastLines(result->err, kErrorLines);
  const std::string tail = errors.empty() ? "" : "; its standard error ends: " + errors;
  if (!result->ok()) return Answer{std::nullopt, result->How(options_.timeout_seconds) + tail};
  const std::string last = LastLines(result->out, 1);
  if (last.empty()) return Answer{std::nullopt, "it printed nothing" + tail};
  const std::optional<double> value = Number(last);
  if (value) return Answer{value, ""};
  return Answer{std::nullopt, fmt::format("its last line is '{}'{}", last, tail)};
}

Expected<ExternalJudge> JudgeProgram::Start(const Graph& graph) {
  const Expected<Answer> first = Run(graph);
  if (!first) return FailUsage("--evaluate: {}", first.error().message);
  if (!first->value) {
    return Fail(
        "--evaluate: '{}' on the float network: {}; allowed is a run that ends with exit code 0 "
        "within --evaluate-timeout and prints a number on its last line",
        options_.command, first->fault);
  }
  ExternalJudge judge{"judge " + options_.command, *first->value, {}};
  judge.measure = [this](const Graph& quantized) -> Expected<std::optional<double>> {
    BW_ASSIGN(const Answer answer, Run(quantized));
    if (!answer.value) faults_.push_back(answer.fault);
    return answer.value;
  };
  return judge;
}

}  // namespace bw
