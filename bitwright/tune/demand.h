#pragma once
// What the user wants made small, and what must hold: from text, or from a function of C++.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bitwright/cost/cost.h"
#include "bitwright/search/space.h"

namespace bw {

// An objective that C++ gives: reads these quantities' totals, in this order.
struct ObjectiveFunction {
  std::vector<Quantity> reads;
  std::function<double(std::span<const double> totals)> value;
};

struct DemandText {
  // A quantity, or an expression over quantities and their values in float32: "bytes",
  // "latency_ns/float_latency_ns + bytes/float_bytes". Also total (bytes), weights, activations:
  // the one kind of bytes, and the other where that makes no difference.
  std::string minimize = "bytes";
  std::optional<ObjectiveFunction> objective;  // takes the place of `minimize`
  std::vector<std::string> subject_to;         // "bytes<=100k", "luts<50000", "drop<=1%"
};

struct ReadyDemand {
  std::vector<Quantity> quantities;  // the totals that the demand reads, in order
  Demand demand;
  std::optional<double> max_drop;  // the least "drop<=..."
};

// Names, syntax, and whether the target gives what is asked for; float values are those of `costs`.
Expected<ReadyDemand> ReadDemand(const DemandText& text, const LayerCosts& costs);

}  // namespace bw
