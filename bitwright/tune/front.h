#pragma once
// The plans that a search has measured, as a front: how accurate for which cost.

#include <string>
#include <vector>

#include "bitwright/cost/quantity.h"
#include "bitwright/quant/plan.h"

namespace bw {

struct FrontPoint {
  Plan plan;
  double accuracy = 0;    // the metric on the search split
  double divergence = 0;  // of the network's output there
  double objective = 0;   // what the search made small
  bool allowed = false;   // the search would have accepted it
  bool chosen = false;    // the search's result
  Cost cost;
};

struct Front {
  std::string metric, objective;
  bool percent = false;  // the metric is a share
  std::size_t samples = 0;
  double float_accuracy = 0, max_drop = 0;
  Cost float_cost;
  std::vector<FrontPoint> points;  // by rising objective
};

// No other point costs no more and is more accurate, or costs less and is as accurate.
bool IsOnFront(const Front& front, std::size_t point, Quantity quantity);

// Adds the result of a search, in place of a point of the same plan; no other is chosen then.
void AddChosen(Front& front, FrontPoint point);

// Leaves the points that are on the front of some quantity, and the chosen one; sorts them.
Front Thinned(Front front);

// {"bitwright_front": 1, "metric": "top1", ..., "float": {...}, "points": [{"point": 1, "accuracy":
// 0.9, "drop": 0.01, "divergence": 0.02, "objective": 31000, "allowed": true, "chosen": true,
// "costs": {"bytes": 31000, ...}, "front_of": ["bytes", ...], "plan": {a plan's JSON}}, ...]}
std::string FrontToJson(const Front& front);
// Fails on JSON that FrontToJson does not write; `where` starts the message.
Expected<Front> FrontFromJson(std::string_view json, const std::string& where);

// point,accuracy,drop,divergence,objective,allowed,chosen, then every quantity.
std::string FrontToCsv(const Front& front);

// A panel for each quantity: accuracy against it.
std::string FrontToSvg(const Front& front);

// The index of a point: by its number ("3", from 1), or by demands joined with commas
// ("bytes<=50k", "drop<=0.5%,peak_bytes<=20k"). Of the points that meet them, with a bound on the
// drop the one of the least objective, else the most accurate; of equals the first.
Expected<std::size_t> PickPoint(const Front& front, const std::string& text);

}  // namespace bw
