#pragma once
// A program of the user's that says how good a network is: one number on the last line it prints.

#include <memory>
#include <string>
#include <vector>

#include "bitwright/base/temporary_folder.h"
#include "bitwright/graph/graph.h"
#include "bitwright/tune/tune.h"

namespace bw {

struct JudgeOptions {
  // {model.onnx} becomes the name of a file with the network; without it, the name is in the
  // environment, BITWRIGHT_MODEL. Split into words as by SplitCommand.
  std::string command;
  double timeout_seconds = 600;  // of one run
};

class JudgeProgram {
 public:
  // Fails on a command that cannot be split, and where no temporary folder can be made.
  static Expected<std::unique_ptr<JudgeProgram>> Make(const JudgeOptions& options);

  // The float network, which must have a value. Fails with how the program ended, when it cannot be
  // started, and when its last line is no number.
  Expected<ExternalJudge> Start(const Graph& graph);

  // Networks that it had no value for: one line each.
  const std::vector<std::string>& faults() const { return faults_; }
  std::size_t runs() const { return runs_; }

 private:
  struct Answer {
    std::optional<double> value;
    std::string fault;
  };
  explicit JudgeProgram(JudgeOptions options) : options_(std::move(options)) {}
  Expected<Answer> Run(const Graph& graph);

  JudgeOptions options_;
  std::vector<std::string> words_;
  bool names_model_ = false;
  std::unique_ptr<TemporaryFolder> folder_;  // of the networks' files
  std::vector<std::string> faults_;
  std::size_t runs_ = 0;
};

}  // namespace bw
