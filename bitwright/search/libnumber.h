#pragma once
// The search of libnumber (PACT 2018, Algorithms 1 and 2): from wide to narrow by halving, then by
// moves of one bias, one width, one type at a time; on a small sample set first, then on the full
// one. Knows no number format and no program: an item is a name-less thing whose state is (ladder,
// width, bias).

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/base/progress.h"

namespace bw {

// The widths in which one type of numbers comes, ascending; and whether a bias moves its range.
struct WidthLadder {
  std::vector<int> widths;
  bool biased = true;
};

// One thing to decide about. Items of one group have the same width and type, each its own bias.
struct LadderItem {
  int bias = 0;           // the first bias, from profiling; one more halves the range
  std::size_t group = 0;  // groups are numbered 0, 1, ... without gaps
};

// The bias is kept, and means nothing, on a ladder without biases.
struct LadderState {
  std::size_t ladder = 0;
  int width = 0;
  int bias = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): it sees a 0 in the generated comparison
  friend auto operator<=>(const LadderState&, const LadderState&) = default;
};
using Configuration = std::vector<LadderState>;  // by item

enum class SampleSet { kSmall, kFull };

struct LibnumberProblem {
  // In order of preference: of a width, the first ladder that has it is used when all items
  // narrow together. The widest of ladders[0] is where the search starts.
  std::vector<WidthLadder> ladders;
  // Bias moves are tried in this order, width and type moves in the order of the groups.
  std::vector<LadderItem> items;
  // What is made small.
  std::function<double(const Configuration&)> cost;
  // Higher is better; nullopt where a configuration has no answer. An error ends the search.
  std::function<Expected<std::vector<std::optional<double>>>(SampleSet,
                                                             std::span<const Configuration>)>
      scores;
  // The least score allowed, from the score of the start on the same sample set.
  std::function<double(double)> threshold;
  bool has_small_set = false;  // else only the full set is asked, and phases 3 and 4 fall away
};

// One question and its answer, in the order of asking. A repeated question is answered from memory
// and not listed again.
struct ScoredConfiguration {
  Configuration configuration;
  SampleSet set = SampleSet::kFull;
  std::string_view phase;  // "start", "halve", "bias", "width", "type", "check", "repair"
  double cost = 0;
  std::optional<double> score;
  bool selected = false;  // the search went on from here
};

struct LibnumberLimits {
  std::size_t evaluations = 100000;
  int bias_span = 8;                  // biases stay within first bias +- this
  std::function<bool()> out_of_time;  // may be empty
  // Told each better configuration that the full set allows; may be empty.
  std::function<Expected<void>(const ScoredConfiguration&)> best;
  Progress progress;
};

struct LibnumberResult {
  Configuration configuration;  // the cheapest that the full set allows; of equals the best score
  double cost = 0, score = 0;
  double start_cost = 0, start_score = 0, threshold = 0;  // on the full set
  bool feasible = false;  // false: the start itself is below the threshold
  bool finished = false;  // false: a limit ended the search
  std::vector<ScoredConfiguration> asked;
};

// Algorithm 1. Phase 1 (small set): the width of all items is halved while the score allows it,
// then bisected, then each other type is tried one width lower. Phase 2 (small set): Algorithm 2.
// Phase 3 (full set): while the result is refused, the best of {one wider, one bias less} is taken.
// Phase 4 (full set): Algorithm 2.
//
// Algorithm 2, until no change of type is allowed: raise biases one at a time, best score first;
// narrow groups one at a time, best ratio of cost saved to score lost first; change the type of one
// group. Ours, where the paper is silent: a state that was left is not entered again by a change of
// type, a round that brings neither cost nor score ends the loop, biases have a span. Stopped by a
// limit, the search still asks the full set about what the small set allowed last.
//
// Fails when the start has no score. Deterministic when the callbacks are.
Expected<LibnumberResult> SearchLibnumber(const LibnumberProblem& problem,
                                          const LibnumberLimits& limits);

// How many configurations an exhaustive search would ask: choices^targets.
double ExhaustiveConfigurations(std::size_t choices, std::size_t targets);

}  // namespace bw
