#include "bitwright/search/libnumber_moves.h"

#include <algorithm>
#include <cstdlib>

#include "bitwright/base/check.h"

namespace bw {
namespace {

bool Has(const WidthLadder& ladder, int width) {
  return std::binary_search(ladder.widths.begin(), ladder.widths.end(), width);
}

std::size_t GroupCount(const LibnumberProblem& problem) {
  std::size_t count = 0;
  for (const LadderItem& item : problem.items) count = std::max(count, item.group + 1);
  return count;
}

// The state that all items of a group share, biases aside.
LadderState StateOfGroup(const LibnumberProblem& problem, const Configuration& from,
                         std::size_t group) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (problem.items[i].group == group) return from[i];
  }
  BW_CHECK(false && "groups are numbered without gaps");
  return {};
}

Configuration GroupAt(const LibnumberProblem& problem, Configuration to, std::size_t group,
                      std::size_t ladder, int width) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (problem.items[i].group == group) to[i] = {ladder, width, to[i].bias};
  }
  return to;
}

}  // namespace

Configuration StartConfiguration(const LibnumberProblem& problem) {
  BW_CHECK(!problem.ladders.empty() && !problem.ladders[0].widths.empty());
  Configuration start;
  for (const LadderItem& item : problem.items) {
    start.push_back({0, problem.ladders[0].widths.back(), item.bias});
  }
  return start;
}

std::vector<int> AllWidths(const LibnumberProblem& problem) {
  std::vector<int> widths;
  for (const WidthLadder& ladder : problem.ladders) {
    widths.insert(widths.end(), ladder.widths.begin(), ladder.widths.end());
  }
  std::sort(widths.begin(), widths.end());
  widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
  return widths;
}

Configuration AllAt(const Configuration& from, std::size_t ladder, int width) {
  Configuration to = from;
  for (LadderState& state : to) state = {ladder, width, state.bias};
  return to;
}

std::size_t LadderOfWidth(const LibnumberProblem& problem, int width) {
  const auto found = std::find_if(problem.ladders.begin(), problem.ladders.end(),
                                  [&](const WidthLadder& ladder) { return Has(ladder, width); });
  BW_CHECK(found != problem.ladders.end());
  return static_cast<std::size_t>(found - problem.ladders.begin());
}

std::optional<int> NextWidth(const WidthLadder& ladder, int width, int step) {
  const std::vector<int>& widths = ladder.widths;
  if (step > 0) {
    const auto above = std::upper_bound(widths.begin(), widths.end(), width);
    return above == widths.end() ? std::nullopt : std::optional(*above);
  }
  const auto below = std::lower_bound(widths.begin(), widths.end(), width);
  return below == widths.begin() ? std::nullopt : std::optional(*(below - 1));
}

std::vector<Configuration> BiasMoves(const LibnumberProblem& problem, const Configuration& from,
                                     int step, int span) {
  std::vector<Configuration> moves;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!problem.ladders[from[i].ladder].biased) continue;
    Configuration to = from;
    to[i].bias += step;
    if (std::abs(to[i].bias - problem.items[i].bias) <= span) moves.push_back(std::move(to));
  }
  return moves;
}

std::vector<Configuration> WidthMoves(const LibnumberProblem& problem, const Configuration& from,
                                      int step) {
  std::vector<Configuration> moves;
  for (std::size_t group = 0; group < GroupCount(problem); ++group) {
    const LadderState state = StateOfGroup(problem, from, group);
    const std::optional<int> width = NextWidth(problem.ladders[state.ladder], state.width, step);
    if (width) moves.push_back(GroupAt(problem, from, group, state.ladder, *width));
  }
  return moves;
}

std::vector<Configuration> TypeMoves(const LibnumberProblem& problem, const Configuration& from) {
  std::vector<Configuration> moves;
  for (std::size_t group = 0; group < GroupCount(problem); ++group) {
    const LadderState state = StateOfGroup(problem, from, group);
    for (std::size_t ladder = 0; ladder < problem.ladders.size(); ++ladder) {
      if (ladder == state.ladder || !Has(problem.ladders[ladder], state.width)) continue;
      moves.push_back(GroupAt(problem, from, group, ladder, state.width));
    }
  }
  return moves;
}

}  // namespace bw
