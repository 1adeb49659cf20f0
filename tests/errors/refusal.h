#pragma once
// What every refusal of the program has in common, and the files that provoke some.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/glyph_files.h"
#include "tests/support/program.h"

namespace bw::program {

inline constexpr int kUsage = 2, kInput = 3;

// One line that starts with the program's name and holds all of `parts`, nothing on the standard
// output, this exit code.
inline void ExpectRefusal(const Outcome& outcome, int exit_code,
                          const std::vector<std::string>& parts) {
  EXPECT_EQ(outcome.signal, 0);
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_TRUE(outcome.err.ends_with('\n')) << outcome.err;
  EXPECT_TRUE(outcome.err.starts_with("bitwright")) << outcome.err;
  for (const std::string& part : parts) {
    EXPECT_NE(outcome.err.find(part), std::string::npos) << "'" << part << "' in: " << outcome.err;
  }
}

// A folder with a small set of glyphs, and refusals that leave the output folder "out" empty.
class Refusals : public ::testing::Test {
 protected:
  // `arguments` with the set's data behind it.
  std::vector<std::string> WithData(const std::vector<std::string>& arguments) const {
    return Join(arguments, set_.Arguments());
  }
  void ExpectNothingWritten() const { EXPECT_EQ(folder_.List("out"), std::set<std::string>()); }
  void ExpectUsage(const std::vector<std::string>& arguments,
                   const std::vector<std::string>& parts) const {
    ExpectRefusal(RunProgram(arguments), kUsage, parts);
    ExpectNothingWritten();
  }
  void ExpectInput(const std::vector<std::string>& arguments,
                   const std::vector<std::string>& parts) const {
    ExpectRefusal(RunProgram(arguments), kInput, parts);
    ExpectNothingWritten();
  }

  const Folder folder_;
  const GlyphSet set_{folder_, 7, 60};
  const std::string out_ = folder_.path("out");
};

}  // namespace bw::program
