#pragma once
// A chip: a cost model and the numbers that describe the chip to it. One JSON file.

#include <string>
#include <string_view>
#include <vector>

#include "bitwright/cost/model.h"

namespace bw {

struct CostTarget {
  std::string name;
  std::string summary;  // one line
  std::string source;   // where the numbers come from
  const CostModel* model = nullptr;
  Parameters parameters;
};

// {"bitwright_target": 1, "name": "...", "summary": "...", "source": "...", "model": "dybit",
// "parameters": {"rows": 100, "widths": [2, 4, 8]}}. Fails on malformed JSON, unknown keys, unknown
// models and parameters that the model does not take; `where` starts the message.
Expected<CostTarget> TargetFromJson(std::string_view json, const std::string& where);
std::string TargetToJson(const CostTarget& target);

// The files of cost/targets/, which are part of the program, in file-name order.
const std::vector<CostTarget>& BuiltInTargets();

// The built-in target of that name, or what the file says where the text ends in ".json". An error
// names the nearest.
Expected<CostTarget> FindTarget(const std::string& name_or_path);

}  // namespace bw
