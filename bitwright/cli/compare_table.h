#pragma once
// The results of `bitwright compare`, as files: a table for people, one for programs, and a plot.

#include <optional>
#include <string>
#include <vector>

#include "bitwright/cli/compare_cells.h"

namespace bw {

// One network's accuracy, in the metric's natural unit.
struct CompareResult {
  double value = 0;
  double divergence = 0;  // of the output from the float network's
  double seconds = 0;
};

struct CompareRow {
  CompareCell cell;
  std::optional<CompareResult> nearest, repaired;  // absent: not measured yet
  std::string refusal;                             // why it cannot be measured; empty: it can
};

struct CompareTable {
  std::string network, data, metric, effort;
  bool percent = false;
  double float_value = 0;
  std::size_t images = 0, calibration = 0;
  std::vector<CompareRow> rows;
};

std::string CompareCsv(const CompareTable& table);
std::string CompareMarkdown(const CompareTable& table);
std::string CompareJson(const CompareTable& table);

// Drop against float by budget and family, without repair hollow, with it filled.
std::string CompareSvg(const CompareTable& table);

// Takes over the results of an earlier CompareJson, its other cells behind the table's own. Fails
// when that compared something else: another network, data, metric, effort or number of samples.
Expected<void> TakeOver(const std::string& json, const std::string& where, CompareTable& table);

}  // namespace bw
