#include "bitwright/number/tune.h"

#include <algorithm>
#include <cmath>

#include "bitwright/base/check.h"
#include "bitwright/base/text.h"

namespace bw::number {
namespace {

// Everything the search does not know.
class Space {
 public:
  static Expected<Space> Make(const std::vector<NumberInfo>& numbers,
                              const TuneNumbersOptions& options);

  const std::vector<NumberInfo>& tuned() const { return tuned_; }
  LibnumberProblem Problem() const;
  Plan PlanOf(const Configuration& configuration) const;
  double Cost(const Configuration& configuration, Objective objective) const;

 private:
  const std::string& FormatOf(const LadderState& state) const {
    return types_[state.ladder].formats.at(state.width);
  }
  std::vector<NumberType> types_;
  std::vector<NumberInfo> tuned_, kept_;
  std::vector<std::size_t> groups_;  // by tuned_
};

bool MatchesAny(const std::vector<std::string>& globs, const std::string& name) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return GlobMatch(glob, name); });
}

Expected<void> CheckPatterns(const std::vector<std::string>& globs,
                             const std::vector<NumberInfo>& numbers) {
  for (const std::string& glob : globs) {
    std::vector<std::string> names;
    for (const NumberInfo& number : numbers) names.push_back(number.name);
    const auto matches = [&](const std::string& name) { return GlobMatch(glob, name); };
    if (std::none_of(names.begin(), names.end(), matches)) {
      return Fail("pattern '{}': it matches no Number, nearest is '{}'", glob,
                  Nearest(glob, names));
    }
  }
  return {};
}

// The group of each name: first the patterns, then each other name by itself.
std::vector<std::size_t> GroupsOf(const std::vector<NumberInfo>& numbers,
                                  const std::vector<std::string>& globs) {
  const auto pattern_of = [&](const NumberInfo& number) {
    return std::find_if(globs.begin(), globs.end(),
                        [&](const std::string& glob) { return GlobMatch(glob, number.name); });
  };
  std::vector<std::size_t> groups(numbers.size());
  std::size_t count = 0;
  for (auto glob = globs.begin(); glob != globs.end(); ++glob) {
    bool used = false;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (pattern_of(numbers[i]) != glob) continue;
      groups[i] = count;
      used = true;
    }
    count += used ? 1 : 0;
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (pattern_of(numbers[i]) == globs.end()) groups[i] = count++;
  }
  return groups;
}

Expected<Space> Space::Make(const std::vector<NumberInfo>& numbers,
                            const TuneNumbersOptions& options) {
  Space space;
  BW_ASSIGN(space.types_, ParseTypes(options.formats));
  BW_TRY(CheckPatterns(options.groups, numbers));
  BW_TRY(CheckPatterns(options.keep, numbers));
  for (const NumberInfo& number : numbers) {
    (MatchesAny(options.keep, number.name) ? space.kept_ : space.tuned_).push_back(number);
  }
  if (space.tuned_.empty()) return Fail("there are no Numbers to tune, at least one is needed");
  space.groups_ = GroupsOf(space.tuned_, options.groups);
  return space;
}

LibnumberProblem Space::Problem() const {
  LibnumberProblem problem;
  for (const NumberType& type : types_) {
    WidthLadder ladder{{}, type.biased};
    for (const auto& [width, format] : type.formats) ladder.widths.push_back(width);
    problem.ladders.push_back(std::move(ladder));
  }
  for (std::size_t i = 0; i < tuned_.size(); ++i) {
    problem.items.push_back({FirstBias(tuned_[i].max_abs), groups_[i]});
  }
  return problem;
}

Plan Space::PlanOf(const Configuration& configuration) const {
  Plan plan;
  for (const NumberInfo& number : kept_) plan.Set(number.name, Representation::Float32());
  for (std::size_t i = 0; i < tuned_.size(); ++i) {
    const LadderState& state = configuration[i];
    const std::string& name = FormatOf(state);
    const bool biased = types_[state.ladder].biased;
    const Expected<int> bias = biased ? BiasForShift(name, state.bias) : 0;
    BW_CHECK(bias.has_value());
    Expected<const Representation*> format = Representation::Find(name, *bias);
    // Magnitudes at the edge of float32, which that width cannot reach with this bias.
    if (!format) format = &Representation::Float32();
    plan.Set(tuned_[i].name, **format);
  }
  return plan;
}

double Space::Cost(const Configuration& configuration, Objective objective) const {
  double cost = 0;
  for (std::size_t i = 0; i < tuned_.size(); ++i) {
    const double width = configuration[i].width;
    const auto elements = static_cast<double>(tuned_[i].elements);
    cost += objective == Objective::kBits    ? width * elements
            : objective == Objective::kBytes ? std::ceil(width * elements / 8)
                                             : width * static_cast<double>(tuned_[i].stores);
  }
  return cost;
}

// The search wants more, the program may want less.
double Oriented(double value, const AccuracyBound& bound) {
  return bound.lower_is_better ? -value : value;
}

LibnumberProblem MakeProblem(const Space& space, const TuneNumbersOptions& options,
                             const PlanScorer& scorer) {
  LibnumberProblem problem = space.Problem();
  const AccuracyBound bound = options.bound;
  problem.has_small_set = options.has_small_set;
  problem.cost = [&space, objective = options.objective](const Configuration& configuration) {
    return space.Cost(configuration, objective);
  };
  problem.threshold = [bound](double start) {
    return Oriented(bound.Of(Oriented(start, bound)), bound);
  };
  problem.scores = [&space, &scorer, bound](SampleSet set,
                                            std::span<const Configuration> configurations)
      -> Expected<std::vector<std::optional<double>>> {
    std::vector<Plan> plans;
    for (const Configuration& c : configurations) plans.push_back(space.PlanOf(c));
    BW_ASSIGN(std::vector<std::optional<double>> values, scorer(set, plans));
    for (std::optional<double>& value : values) {
      if (value) value = Oriented(*value, bound);
    }
    return values;
  };
  return problem;
}

LibnumberLimits MakeLimits(const Space& space, const TuneNumbersOptions& options) {
  LibnumberLimits limits;
  limits.evaluations = options.evaluations;
  limits.out_of_time = options.out_of_time;
  limits.progress = options.progress;
  if (options.best) {
    limits.best = [&space, &options](const ScoredConfiguration& row) {
      return options.best(space.PlanOf(row.configuration), Oriented(*row.score, options.bound));
    };
  }
  return limits;
}

TuneNumbersResult MakeResult(const Space& space, const std::vector<NumberInfo>& numbers,
                             const TuneNumbersOptions& options, const LibnumberResult& found) {
  TuneNumbersResult result;
  result.plan = space.PlanOf(found.configuration);
  for (const NumberInfo& number : numbers) {
    const Representation& format = result.plan.Find(number.name);
    result.numbers.push_back({number, &format});
    result.bits += format.bits() * static_cast<double>(number.elements);
    result.float_bits += Representation::Float32().bits() * static_cast<double>(number.elements);
  }
  result.float_value = Oriented(found.start_score, options.bound);
  result.value = Oriented(found.score, options.bound);
  result.bound = Oriented(found.threshold, options.bound);
  result.float_cost = found.start_cost;
  result.cost = found.cost;
  result.feasible = found.feasible;
  result.finished = found.finished;
  for (const ScoredConfiguration& row : found.asked) {
    std::optional<double> value = row.score;
    if (value) value = Oriented(*value, options.bound);
    result.steps.push_back({space.PlanOf(row.configuration), row.set, std::string(row.phase),
                            row.cost, value, row.selected});
  }
  return result;
}

}  // namespace

double AccuracyBound::Of(double float_value) const {
  if (limit) return *limit;
  const double drop = absolute_drop.value_or(std::fabs(float_value) * relative_drop);
  return lower_is_better ? float_value + drop : float_value - drop;
}

bool AccuracyBound::Allows(double value, double float_value) const {
  return lower_is_better ? value <= Of(float_value) : value >= Of(float_value);
}

Expected<TuneNumbersResult> TuneNumbers(const std::vector<NumberInfo>& numbers,
                                        const TuneNumbersOptions& options,
                                        const PlanScorer& scorer) {
  BW_ASSIGN(const Space space, Space::Make(numbers, options));
  BW_ASSIGN(const LibnumberResult found,
            SearchLibnumber(MakeProblem(space, options, scorer), MakeLimits(space, options)));
  return MakeResult(space, numbers, options, found);
}

Expected<TuneNumbersResult> TuneNumbers(
    const TuneNumbersOptions& options, const std::function<std::optional<double>(SampleSet)>& run) {
  UsePlan({}, "float32");
  RecordNumbers(true);
  run(SampleSet::kFull);
  RecordNumbers(false);
  std::vector<NumberInfo> numbers = DescribeNumbers();
  std::erase_if(numbers, [](const NumberInfo& number) { return number.elements == 0; });
  const auto score =
      [&](SampleSet set,
          std::span<const Plan> plans) -> Expected<std::vector<std::optional<double>>> {
    std::vector<std::optional<double>> values;
    for (const Plan& plan : plans) {
      UsePlan(plan);
      values.push_back(run(set));
    }
    return values;
  };
  BW_ASSIGN(TuneNumbersResult result, TuneNumbers(numbers, options, score));
  UsePlan(result.plan);
  return result;
}

}  // namespace bw::number
