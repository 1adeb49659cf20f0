#pragma once
// What surrounds a search of the tune command: the store that it remembers in, the judge that may
// decide, the proof of its splits, Ctrl-C.

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "bitwright/cli/interrupt.h"
#include "bitwright/cli/judge_program.h"
#include "bitwright/tune/certificate.h"
#include "bitwright/tune/store.h"

namespace bw {

struct SessionOptions {
  std::string store;       // empty: trials.sqlite in the output folder
  std::string confidence;  // "95%", "0.95"; empty: none is demanded
  bool resume = false;
  JudgeOptions judge;  // an empty command: none
};
// --store, --resume, --confidence, --evaluate, --evaluate-timeout.
void AddSession(CLI::App& app, SessionOptions& options);

// Time and whole plans, either or both: "5m", "200evals", "5m,200evals".
struct Budget {
  std::optional<double> seconds;
  std::optional<std::size_t> evaluations;
};
Expected<Budget> ParseBudget(const std::string& text);
// In (0.5, 1).
Expected<double> ParseConfidence(const std::string& text);

// Everything that the questions of a search follow from, as the command line gives it: its options
// without those that only say where, how long and on how many threads.
std::string SettingsText(const CLI::App& app);

class TuneSession {
 public:
  // Reads all data once; opens the store; runs the judge on the float network. Refuses a confidence
  // that these data cannot give.
  static Expected<std::unique_ptr<TuneSession>> Start(
      const SessionOptions& options, const std::string& out, const std::string& settings,
      const Graph& graph, const TuneData& data, const Metric& metric, const TuneOptions& tune);

  TuneHooks hooks();
  // A first result is on disk: Ctrl-C has something to finish.
  void Saved() { interrupt_->Arm(); }
  bool interrupted() const { return interrupt_->asked(); }
  const SplitContents& contents() const { return contents_; }
  const JudgeProgram* judge() const { return judge_.get(); }

 private:
  SplitContents contents_;
  std::unique_ptr<TrialStore> store_;
  std::unique_ptr<JudgeProgram> judge_;
  ExternalJudge external_;
  std::unique_ptr<Interrupt> interrupt_;
};

}  // namespace bw
