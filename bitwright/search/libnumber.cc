#include "bitwright/search/libnumber.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "bitwright/base/check.h"
#include "bitwright/search/libnumber_moves.h"

namespace bw {
namespace {

constexpr std::size_t kFallbacks = 4;  // full-set questions after a limit

// The questions, their answers, and the best of them.
class Ledger {
 public:
  Ledger(const LibnumberProblem& problem, const LibnumberLimits& limits)
      : problem_(problem), limits_(limits) {}

  // Answers all that is not known yet, unless a limit is reached (then unknown ones stay so).
  Expected<void> Ask(std::span<const Configuration> set, SampleSet samples, std::string_view phase);
  // The answer as a place in `asked`; nullptr when it was never given.
  ScoredConfiguration* Find(const Configuration& configuration, SampleSet samples);

  bool Allowed(const ScoredConfiguration& row) const {
    return row.score && *row.score >= thresholds_.at(row.set);
  }
  void set_threshold(SampleSet samples, double value) { thresholds_[samples] = value; }
  double threshold(SampleSet samples) const { return thresholds_.at(samples); }
  bool stopped() const { return stopped_; }
  // Whether limits count.
  void set_lifted(bool lifted) { lifted_ = lifted; }
  std::vector<ScoredConfiguration>& asked() { return asked_; }
  // The cheapest row that the sample set allows, of equals the best score.
  const ScoredConfiguration* Best(SampleSet samples) const;
  // Tells the caller of a new best on the full set.
  Expected<void> Tell();

 private:
  bool LimitReached(std::size_t more);
  const LibnumberProblem& problem_;
  const LibnumberLimits& limits_;
  std::vector<ScoredConfiguration> asked_;
  std::map<std::pair<SampleSet, Configuration>, std::size_t> places_;
  std::map<SampleSet, double> thresholds_;
  std::optional<Configuration> told_;
  bool stopped_ = false, lifted_ = false;
};

bool Ledger::LimitReached(std::size_t more) {
  if (lifted_) return false;
  const bool late = limits_.out_of_time && limits_.out_of_time();
  stopped_ = stopped_ || late || asked_.size() + more > limits_.evaluations;
  return stopped_;
}

Expected<void> Ledger::Ask(std::span<const Configuration> set, SampleSet samples,
                           std::string_view phase) {
  std::vector<Configuration> unknown;
  for (const Configuration& configuration : set) {
    if (!places_.contains({samples, configuration})) unknown.push_back(configuration);
  }
  if (unknown.empty() || LimitReached(unknown.size())) return {};
  BW_ASSIGN(const std::vector<std::optional<double>> scores, problem_.scores(samples, unknown));
  BW_CHECK(scores.size() == unknown.size());
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    const std::optional<double> score =
        scores[i] && !std::isnan(*scores[i]) ? scores[i] : std::nullopt;
    places_[{samples, unknown[i]}] = asked_.size();
    asked_.push_back({unknown[i], samples, phase, problem_.cost(unknown[i]), score, false});
  }
  if (limits_.progress) {
    limits_.progress(phase,
                     static_cast<double>(asked_.size()) / static_cast<double>(limits_.evaluations));
  }
  return Tell();
}

ScoredConfiguration* Ledger::Find(const Configuration& configuration, SampleSet samples) {
  const auto place = places_.find({samples, configuration});
  return place == places_.end() ? nullptr : &asked_[place->second];
}

const ScoredConfiguration* Ledger::Best(SampleSet samples) const {
  const ScoredConfiguration* best = nullptr;
  for (const ScoredConfiguration& row : asked_) {
    if (row.set != samples || !Allowed(row)) continue;
    const bool better = best == nullptr || row.cost < best->cost ||
                        (row.cost == best->cost && *row.score > *best->score);
    if (better) best = &row;
  }
  return best;
}

Expected<void> Ledger::Tell() {
  if (!limits_.best || !thresholds_.contains(SampleSet::kFull)) return {};
  const ScoredConfiguration* best = Best(SampleSet::kFull);
  if (best == nullptr || best->configuration == told_) return {};
  told_ = best->configuration;
  return limits_.best(*best);
}

class Tuner {
 public:
  Tuner(const LibnumberProblem& problem, const LibnumberLimits& limits)
      : problem_(problem), limits_(limits), ledger_(problem, limits) {}

  Expected<LibnumberResult> Run();

 private:
  Expected<void> SearchSmallThenFull();
  Expected<void> Start(SampleSet samples);
  Expected<void> Halve(SampleSet samples);
  Expected<void> OtherTypes(SampleSet samples);
  Expected<void> Improve(SampleSet samples);
  Expected<void> RaiseBiases(SampleSet samples);
  Expected<void> Narrow(SampleSet samples);
  Expected<bool> ChangeType(SampleSet samples);
  Expected<void> Repair();
  Expected<void> CheckLast();
  Expected<bool> TryAll(std::size_t ladder, int width, SampleSet samples);

  // Asks the set; the rows that are known afterwards, in order.
  Expected<std::vector<ScoredConfiguration*>> Rows(std::span<const Configuration> set,
                                                   SampleSet samples, std::string_view phase);
  ScoredConfiguration* SelectByScore(const std::vector<ScoredConfiguration*>& rows) const;
  ScoredConfiguration* SelectByRatio(const std::vector<ScoredConfiguration*>& rows);
  void GoTo(ScoredConfiguration* row) {
    row->selected = true;
    current_ = row->configuration;
    entered_.insert(current_);
  }
  const ScoredConfiguration& Here(SampleSet samples) {
    const ScoredConfiguration* row = ledger_.Find(current_, samples);
    BW_CHECK(row != nullptr);
    return *row;
  }
  Expected<LibnumberResult> Finish();

  const LibnumberProblem& problem_;
  const LibnumberLimits& limits_;
  Ledger ledger_;
  Configuration current_;
  std::set<Configuration> entered_;
};

Expected<std::vector<ScoredConfiguration*>> Tuner::Rows(std::span<const Configuration> set,
                                                        SampleSet samples, std::string_view phase) {
  BW_TRY(ledger_.Ask(set, samples, phase));
  std::vector<ScoredConfiguration*> rows;
  for (const Configuration& configuration : set) {
    if (ScoredConfiguration* row = ledger_.Find(configuration, samples)) rows.push_back(row);
  }
  return rows;
}

// The highest allowed score, of equals the first; nullptr when none is allowed.
ScoredConfiguration* Tuner::SelectByScore(const std::vector<ScoredConfiguration*>& rows) const {
  ScoredConfiguration* best = nullptr;
  for (ScoredConfiguration* row : rows) {
    if (ledger_.Allowed(*row) && (best == nullptr || *row->score > *best->score)) best = row;
  }
  return best;
}

// The greatest ratio of cost saved to score lost among the allowed; a row that loses nothing has an
// infinite ratio. Of equals the greater saving, then the higher score, then the first.
ScoredConfiguration* Tuner::SelectByRatio(const std::vector<ScoredConfiguration*>& rows) {
  ScoredConfiguration* best = nullptr;
  std::tuple<double, double, double> best_merit;
  for (ScoredConfiguration* row : rows) {
    if (!ledger_.Allowed(*row)) continue;
    const ScoredConfiguration& here = Here(row->set);
    const double saved = here.cost - row->cost;
    const double lost = here.score.value_or(*row->score) - *row->score;
    const double ratio = lost > 0 ? saved / lost : std::numeric_limits<double>::infinity();
    const std::tuple merit(ratio, saved, *row->score);
    if (best != nullptr && merit <= best_merit) continue;
    best = row;
    best_merit = merit;
  }
  return best;
}

// The threshold of a sample set, from the score of the start.
Expected<void> Tuner::Start(SampleSet samples) {
  const Configuration start = StartConfiguration(problem_);
  ledger_.set_lifted(true);
  BW_TRY(ledger_.Ask({&start, 1}, samples, "start"));
  ledger_.set_lifted(false);
  const ScoredConfiguration* row = ledger_.Find(start, samples);
  if (row == nullptr || !row->score) {
    return Fail("search: the start has no score, a score is needed to begin");
  }
  ledger_.set_threshold(samples, problem_.threshold(*row->score));
  return ledger_.Tell();
}

// Everything at one width; goes there when it is allowed.
Expected<bool> Tuner::TryAll(std::size_t ladder, int width, SampleSet samples) {
  const Configuration all = AllAt(current_, ladder, width);
  BW_ASSIGN(const auto rows, Rows({&all, 1}, samples, "halve"));
  ScoredConfiguration* found = SelectByScore(rows);
  if (found != nullptr) GoTo(found);
  return found != nullptr;
}

Expected<void> Tuner::Halve(SampleSet samples) {
  const std::vector<int> widths = AllWidths(problem_);
  int allowed = current_.front().width;
  int refused = 0;
  while (refused == 0) {
    const auto above = std::upper_bound(widths.begin(), widths.end(), allowed / 2);
    if (above == widths.begin()) break;
    const int width = *(above - 1);
    BW_ASSIGN(const bool good, TryAll(LadderOfWidth(problem_, width), width, samples));
    (good ? allowed : refused) = width;
  }
  for (;;) {
    std::vector<int> between;
    std::copy_if(widths.begin(), widths.end(), std::back_inserter(between),
                 [&](int width) { return width > refused && width < allowed; });
    if (between.empty() || ledger_.stopped()) break;
    const int middle = between[between.size() / 2];
    BW_ASSIGN(const bool good, TryAll(LadderOfWidth(problem_, middle), middle, samples));
    (good ? allowed : refused) = middle;
  }
  return OtherTypes(samples);
}

// Every other type, one width lower than the best so far.
Expected<void> Tuner::OtherTypes(SampleSet samples) {
  for (std::size_t ladder = 0; ladder < problem_.ladders.size(); ++ladder) {
    if (ladder == current_.front().ladder) continue;
    const std::optional<int> width =
        NextWidth(problem_.ladders[ladder], current_.front().width, -1);
    if (width) BW_TRY(TryAll(ladder, *width, samples));
  }
  return {};
}

Expected<void> Tuner::RaiseBiases(SampleSet samples) {
  for (;;) {
    const auto moves = BiasMoves(problem_, current_, 1, limits_.bias_span);
    BW_ASSIGN(const auto rows, Rows(moves, samples, "bias"));
    ScoredConfiguration* best = SelectByScore(rows);
    if (best == nullptr) return {};
    GoTo(best);
  }
}

Expected<void> Tuner::Narrow(SampleSet samples) {
  for (;;) {
    const auto moves = WidthMoves(problem_, current_, -1);
    BW_ASSIGN(const auto rows, Rows(moves, samples, "width"));
    ScoredConfiguration* best = SelectByRatio(rows);
    if (best == nullptr) return {};
    GoTo(best);
  }
}

Expected<bool> Tuner::ChangeType(SampleSet samples) {
  std::vector<Configuration> moves = TypeMoves(problem_, current_);
  std::erase_if(moves, [&](const Configuration& move) { return entered_.contains(move); });
  BW_ASSIGN(const auto rows, Rows(moves, samples, "type"));
  ScoredConfiguration* best = SelectByRatio(rows);
  if (best != nullptr) GoTo(best);
  return best != nullptr;
}

// Algorithm 2.
Expected<void> Tuner::Improve(SampleSet samples) {
  entered_ = {current_};
  for (;;) {
    BW_TRY(RaiseBiases(samples));
    BW_TRY(Narrow(samples));
    const ScoredConfiguration before = Here(samples);
    const ScoredConfiguration* best_before = ledger_.Best(samples);
    const ScoredConfiguration best = best_before == nullptr ? before : *best_before;
    BW_ASSIGN(const bool changed, ChangeType(samples));
    if (!changed) return {};
    BW_TRY(RaiseBiases(samples));
    BW_TRY(Narrow(samples));
    const ScoredConfiguration& now = Here(samples);
    if (now.cost < best.cost || (now.cost == best.cost && now.score > best.score)) continue;
    if (before.cost <= now.cost) current_ = before.configuration;
    return {};
  }
}

// Phase 3: wider or lower biases until the full set allows it.
Expected<void> Tuner::Repair() {
  BW_ASSIGN(auto rows, Rows({&current_, 1}, SampleSet::kFull, "check"));
  while (!rows.empty() && !ledger_.stopped()) {
    ScoredConfiguration* best = nullptr;
    for (ScoredConfiguration* row : rows) {
      if (!row->score) continue;
      const auto merit = [&](const ScoredConfiguration& r) {
        const bool allowed = ledger_.Allowed(r);
        return std::tuple(allowed, allowed ? -r.cost : 0.0, *r.score);
      };
      if (best == nullptr || merit(*row) > merit(*best)) best = row;
    }
    if (best == nullptr) break;
    GoTo(best);
    if (ledger_.Allowed(*best)) return {};
    std::vector<Configuration> moves = WidthMoves(problem_, current_, 1);
    const auto lower = BiasMoves(problem_, current_, -1, limits_.bias_span);
    moves.insert(moves.end(), lower.begin(), lower.end());
    std::erase_if(moves, [&](const Configuration& move) { return entered_.contains(move); });
    BW_ASSIGN(rows, Rows(moves, SampleSet::kFull, "repair"));
  }
  current_ = StartConfiguration(problem_);
  return {};
}

// After a limit, with nothing allowed by the full set but the start: what the small set allowed,
// cheapest first, on the full set.
Expected<void> Tuner::CheckLast() {
  BW_TRY(Start(SampleSet::kFull));
  const ScoredConfiguration* best = ledger_.Best(SampleSet::kFull);
  if (best == nullptr || best->configuration != StartConfiguration(problem_)) return {};
  ledger_.set_lifted(true);
  std::vector<ScoredConfiguration> allowed;
  for (const ScoredConfiguration& row : ledger_.asked()) {
    if (row.set == SampleSet::kSmall && ledger_.Allowed(row)) allowed.push_back(row);
  }
  std::stable_sort(allowed.begin(), allowed.end(), [](const auto& a, const auto& b) {
    return std::pair(a.cost, -*a.score) < std::pair(b.cost, -*b.score);
  });
  for (std::size_t i = 0; i < std::min(kFallbacks, allowed.size()); ++i) {
    BW_ASSIGN(const auto rows, Rows({&allowed[i].configuration, 1}, SampleSet::kFull, "check"));
    if (SelectByScore(rows) != nullptr) return {};
  }
  return {};
}

Expected<LibnumberResult> Tuner::Finish() {
  LibnumberResult result;
  result.finished = !ledger_.stopped();
  const Configuration start = StartConfiguration(problem_);
  const ScoredConfiguration* first = ledger_.Find(start, SampleSet::kFull);
  BW_CHECK(first != nullptr);
  const ScoredConfiguration* best = ledger_.Best(SampleSet::kFull);
  result.feasible = best != nullptr;
  if (best == nullptr) best = first;
  result.configuration = best->configuration;
  result.cost = best->cost;
  result.score = *best->score;
  result.start_cost = first->cost;
  result.start_score = *first->score;
  result.threshold = ledger_.threshold(SampleSet::kFull);
  result.asked = std::move(ledger_.asked());
  return result;
}

Expected<void> Tuner::SearchSmallThenFull() {
  BW_TRY(Start(SampleSet::kSmall));
  if (ledger_.Allowed(Here(SampleSet::kSmall))) {
    BW_TRY(Halve(SampleSet::kSmall));
    BW_TRY(Improve(SampleSet::kSmall));
  }
  if (ledger_.stopped()) return CheckLast();
  BW_TRY(Start(SampleSet::kFull));
  if (!ledger_.Allowed(*ledger_.Find(StartConfiguration(problem_), SampleSet::kFull))) return {};
  BW_TRY(Repair());
  if (!ledger_.stopped()) BW_TRY(Improve(SampleSet::kFull));
  return ledger_.stopped() ? CheckLast() : Expected<void>();
}

Expected<LibnumberResult> Tuner::Run() {
  current_ = StartConfiguration(problem_);
  if (problem_.has_small_set && !problem_.items.empty()) {
    BW_TRY(SearchSmallThenFull());
    return Finish();
  }
  BW_TRY(Start(SampleSet::kFull));
  if (!problem_.items.empty() && ledger_.Allowed(Here(SampleSet::kFull))) {
    BW_TRY(Halve(SampleSet::kFull));
    BW_TRY(Improve(SampleSet::kFull));
  }
  return Finish();
}

}  // namespace

Expected<LibnumberResult> SearchLibnumber(const LibnumberProblem& problem,
                                          const LibnumberLimits& limits) {
  return Tuner(problem, limits).Run();
}

double ExhaustiveConfigurations(std::size_t choices, std::size_t targets) {
  return std::pow(static_cast<double>(choices), static_cast<double>(targets));
}

}  // namespace bw
