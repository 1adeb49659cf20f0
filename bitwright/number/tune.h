#pragma once
// Finds the smallest representation of each Number of a program under a bound on its accuracy, by
// libnumber's search (search/libnumber.h).

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bitwright/number/binding.h"
#include "bitwright/number/types.h"
#include "bitwright/search/libnumber.h"

namespace bw::number {

// What the program may lose.
struct AccuracyBound {
  bool lower_is_better = false;  // an error rather than an accuracy
  // The first that is set counts: a limit on the value itself; a drop in the value's unit; a share
  // of the float32 value (libnumber's err_margin).
  std::optional<double> limit, absolute_drop;
  double relative_drop = 0.01;

  // The worst value allowed.
  double Of(double float_value) const;
  bool Allows(double value, double float_value) const;
};

enum class Objective {
  kBits,    // sum of width * elements, libnumber's f_obj
  kBytes,   // the same, each Number's packed codes filled up to whole bytes
  kStores,  // sum of width * values stored while the program was described: its traffic
};

struct TuneNumbersOptions {
  AccuracyBound bound;
  Objective objective = Objective::kBits;
  std::string formats = kLibnumberFormats;  // see ParseTypes
  std::vector<std::string> groups;          // globs: the names of one share width and type
  std::vector<std::string> keep;            // globs: the names stay float32
  bool has_small_set = false;
  std::size_t evaluations = 100000;
  std::function<bool()> out_of_time;                        // may be empty
  std::function<Expected<void>(const Plan&, double)> best;  // told each better plan; may be empty
  Progress progress;
};

// The accuracy (or error) of the program under each plan; nullopt where it has none.
using PlanScorer = std::function<Expected<std::vector<std::optional<double>>>(
    SampleSet set, std::span<const Plan> plans)>;

struct TunedNumber {
  NumberInfo info;
  const Representation* format = nullptr;
};

struct TuneStep {
  Plan plan;
  SampleSet set = SampleSet::kFull;
  std::string phase;
  double cost = 0;
  std::optional<double> value;
  bool selected = false;
};

struct TuneNumbersResult {
  Plan plan;  // names every Number; the cheapest within the bound
  std::vector<TunedNumber> numbers;
  double float_value = 0, value = 0, bound = 0;
  double float_cost = 0, cost = 0;  // of the objective
  double float_bits = 0, bits = 0;  // sum of width * elements
  bool feasible = false;            // false: float32 itself is outside the bound
  bool finished = false;            // false: time or evaluations ran out
  std::vector<TuneStep> steps;
};

// Fails on a bad list of formats, on a pattern that matches no Number, on no Numbers, and when the
// scorer has no value for float32.
Expected<TuneNumbersResult> TuneNumbers(const std::vector<NumberInfo>& numbers,
                                        const TuneNumbersOptions& options,
                                        const PlanScorer& scorer);

// The same for a program within this process: `run` is called once for each plan, which is in force
// while it runs, and gives its accuracy. Describes the Numbers itself, by a first run in float32.
Expected<TuneNumbersResult> TuneNumbers(const TuneNumbersOptions& options,
                                        const std::function<std::optional<double>(SampleSet)>& run);

}  // namespace bw::number
