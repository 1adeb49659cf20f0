#include "bitwright/cli/session.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "bitwright/base/text.h"
#include "bitwright/export/export_onnx.h"

namespace bw {
namespace {

// Settings that change no question.
constexpr std::array<std::string_view, 9> kOutsideSettings = {
    "out",   "threads", "json",        "memory",          "resume",
    "store", "budget",  "evaluations", "evaluate-timeout"};

std::string WithoutBlanks(const std::string& text) {
  std::string kept = text;
  std::erase(kept, ' ');
  return kept;
}

Expected<void> ReadLimit(const std::string& part, Budget& budget) {
  char* end = nullptr;
  const double value = std::strtod(part.c_str(), &end);
  const std::string_view unit(end);
  const bool number = end != part.c_str() && value > 0;
  if (number && unit == "evals" && value == static_cast<double>(static_cast<std::size_t>(value))) {
    budget.evaluations = static_cast<std::size_t>(value);
    return {};
  }
  if (number && (unit.empty() || unit == "s" || unit == "m" || unit == "h")) {
    budget.seconds = value * (unit == "m" ? 60 : unit == "h" ? 3600 : 1);
    return {};
  }
  return FailUsage(
      "--budget: '{}' is no time and no number of evaluations; give it like 90s, 5m, 1h, 200evals "
      "or 5m,200evals",
      part);
}

TrialContext ContextOf(const std::string& network, const SplitContents& contents,
                       const Metric& metric, const TuneOptions& tune, std::string version) {
  return {HashBytes(network).Hex(), contents.search.Hex(),
          fmt::format("{} first {} seed {}", contents.calibration.Hex(), tune.calibration_samples,
                      tune.seed),
          std::string(metric.name), std::move(version)};
}

}  // namespace

void AddSession(CLI::App& app, SessionOptions& options) {
  app.add_option("--confidence", options.confidence,
                 "95%: the bound must hold on unseen samples with this confidence; then no margin "
                 "is added (docs/certificate.md)");
  app.add_option("--store", options.store,
                 "file of evaluations, used again by later searches (docs/store.md); else "
                 "trials.sqlite in the output folder");
  app.add_flag("--resume", options.resume, "go on with a search that was ended, from its store");
  app.add_option("--evaluate", options.judge.command,
                 "a program that judges in place of the metric: './judge {model.onnx}' prints one "
                 "number on its last line, greater is better");
  app.add_option("--evaluate-timeout", options.judge.timeout_seconds, "seconds for one run of it")
      ->check(CLI::PositiveNumber);
}

Expected<Budget> ParseBudget(const std::string& text) {
  Budget budget;
  for (const std::string& part : Split(WithoutBlanks(text), ',')) BW_TRY(ReadLimit(part, budget));
  if (!budget.seconds && !budget.evaluations) BW_TRY(ReadLimit(text, budget));
  return budget;
}

Expected<double> ParseConfidence(const std::string& text) {
  char* end = nullptr;
  double value = std::strtod(text.c_str(), &end);
  const bool percent = std::string_view(end) == "%";
  if (percent) value /= 100;
  if (end != text.c_str() && (*end == '\0' || percent) && value > 0.5 && value < 1) return value;
  return FailUsage(
      "--confidence: '{}' is no confidence between 50% and 100%; give it like 95% or "
      "0.95",
      text);
}

std::string SettingsText(const CLI::App& app) {
  std::string text;
  for (const std::string& line : Split(app.config_to_str(true, false), '\n')) {
    const std::string name = line.substr(0, line.find('='));
    if (std::find(kOutsideSettings.begin(), kOutsideSettings.end(), name) == kOutsideSettings.end())
      text += line + "\n";
  }
  return text;
}

Expected<std::unique_ptr<TuneSession>> TuneSession::Start(
    const SessionOptions& options, const std::string& out, const std::string& settings,
    const Graph& graph, const TuneData& data, const Metric& metric, const TuneOptions& tune) {
  auto session = std::make_unique<TuneSession>();
  const std::string store = options.store.empty() ? out + "/trials.sqlite" : options.store;
  session->interrupt_ = std::make_unique<Interrupt>(
      fmt::format(
          "\nbitwright: ended before there was a plan; what was measured is in {}, --resume "
          "goes on\n",
          store),
      "\nbitwright: measuring the best plan so far for the report; once more ends at once\n");
  BW_ASSIGN(session->contents_, ReadContents(data, tune.threads));
  if (tune.confidence) {
    BW_TRY(CheckConfidence(data, session->contents_, metric, tune.max_drop, *tune.confidence));
  }
  BW_ASSIGN(const std::string network, ExportOnnx(graph));
  BW_ASSIGN(std::string version, CodeVersion());
  BW_ASSIGN(session->store_,
            TrialStore::Open(
                store, ContextOf(network, session->contents_, metric, tune, std::move(version)),
                settings, options.resume ? StoreUse::kResume : StoreUse::kReuse));
  if (const std::size_t others = session->store_->contents().other_version; others > 0) {
    fmt::print(stderr, "bitwright: {}: {} evaluations are another build's and are not used\n",
               store, others);
  }
  if (!options.judge.command.empty()) {
    BW_ASSIGN(session->judge_, JudgeProgram::Make(options.judge));
    BW_ASSIGN(session->external_, session->judge_->Start(graph));
  }
  return session;
}

TuneHooks TuneSession::hooks() {
  return {store_.get(), [this] { return interrupt_->asked(); },
          judge_ != nullptr ? &external_ : nullptr};
}

}  // namespace bw
