#pragma once
// Runs of the program that must succeed, and what they leave.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/glyph_files.h"
#include "tests/support/program.h"

namespace bw::program {

using Json = nlohmann::ordered_json;

inline const std::set<std::string> kResults = {"model.onnx", "plan.json", "report.json",
                                               "report.md"};

// The same of tune, which remembers its evaluations; a front needs the metric of samples.
inline const std::set<std::string> kJudged = {"model.onnx", "plan.json", "report.json", "report.md",
                                              "trials.sqlite"};
inline const std::set<std::string> kTuned = {"model.onnx", "pareto.csv",   "pareto.json",
                                             "pareto.svg", "plan.json",    "report.json",
                                             "report.md",  "trials.sqlite"};

// Runs a command that must succeed, silent on standard error; gives its standard output.
inline std::string Succeed(const std::vector<std::string>& arguments) {
  const Outcome outcome = RunProgram(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  return outcome.out;
}

inline Json ReadJson(const std::string& path) {
  const Json json = Json::parse(Slurp(path), nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << path;
  return json;
}

// model.onnx is within 3 % and 20 KB of the bytes that the report counts for weights.
inline void ExpectHonestSize(const std::string& folder, const Json& report) {
  const double reported = report["weights"]["bytes"].get<double>();
  const auto file = static_cast<double>(Slurp(folder + "/model.onnx").size());
  EXPECT_LE(file, reported * 1.03 + 20000) << folder;
  EXPECT_GE(file, reported * 0.97) << folder;
}

}  // namespace bw::program
