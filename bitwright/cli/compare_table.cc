#include "bitwright/cli/compare_table.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

std::string DropText(const CompareTable& table, const std::optional<CompareResult>& result) {
  if (!result) return "...";
  const double drop = table.float_value - result->value;
  if (!std::isfinite(drop)) return "-";
  return table.percent ? fmt::format("{:.2f}", 100 * drop) : fmt::format("{:.4f}", drop);
}

std::string Field(const std::optional<CompareResult>& result, double CompareResult::*member) {
  return result ? fmt::format("{}", (*result).*member) : "";
}

// A field of a CSV file (RFC 4180).
std::string Quoted(const std::string& text) {
  if (text.empty()) return "";
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Json ResultJson(const std::optional<CompareResult>& result) {
  if (!result) return nullptr;
  return {
      {"value", result->value}, {"divergence", result->divergence}, {"seconds", result->seconds}};
}

std::optional<CompareResult> ResultFrom(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  return CompareResult{json.value("value", 0.0), json.value("divergence", 0.0),
                       json.value("seconds", 0.0)};
}

// Rows of one family and columns of one budget, each once, in order.
template <typename Name>
std::vector<std::string> Names(const CompareTable& table, const Name& name) {
  std::vector<std::string> names;
  for (const CompareRow& row : table.rows) {
    if (std::find(names.begin(), names.end(), name(row)) == names.end()) names.push_back(name(row));
  }
  return names;
}

const CompareRow* Find(const CompareTable& table, const std::string& family,
                       const std::string& budget) {
  for (const CompareRow& row : table.rows) {
    if (row.cell.family == family && row.cell.budget.Name() == budget) return &row;
  }
  return nullptr;
}

// The row of a cell, made where the table has none.
CompareRow& RowOf(CompareTable& table, const CompareCell& cell) {
  for (CompareRow& row : table.rows) {
    if (row.cell.family == cell.family && row.cell.budget.Name() == cell.budget.Name() &&
        row.cell.weights == cell.weights && row.cell.activations == cell.activations)
      return row;
  }
  table.rows.push_back({cell, {}, {}, ""});
  return table.rows.back();
}

// The least drop under each budget, with repair.
std::map<std::string, double> BestValues(const CompareTable& table) {
  std::map<std::string, double> best;
  for (const CompareRow& row : table.rows) {
    if (!row.repaired || !std::isfinite(row.repaired->value)) continue;
    const auto [entry, first] = best.emplace(row.cell.budget.Name(), row.repaired->value);
    if (!first) entry->second = std::max(entry->second, row.repaired->value);
  }
  return best;
}

std::string CellText(const CompareTable& table, const CompareRow* row, double best) {
  if (row == nullptr) return "";
  if (!row->refusal.empty()) return "-";
  const std::string repaired = DropText(table, row->repaired);
  const bool is_best = row->repaired && row->repaired->value == best;
  return DropText(table, row->nearest) + " / " + (is_best ? "**" + repaired + "**" : repaired);
}

Json Heading(const CompareTable& table) {
  return {{"network", table.network}, {"data", table.data},     {"metric", table.metric},
          {"effort", table.effort},   {"images", table.images}, {"calibration", table.calibration}};
}

}  // namespace

std::string CompareCsv(const CompareTable& table) {
  std::string text =
      "budget,family,weights,activations,nearest,repaired,nearest_divergence,repaired_divergence,"
      "refusal\n";
  for (const CompareRow& row : table.rows) {
    text += fmt::format(
        "{},{},{},{},{},{},{},{},{}\n", row.cell.budget.Name(), row.cell.family, row.cell.weights,
        row.cell.activations, Field(row.nearest, &CompareResult::value),
        Field(row.repaired, &CompareResult::value), Field(row.nearest, &CompareResult::divergence),
        Field(row.repaired, &CompareResult::divergence), Quoted(row.refusal));
  }
  return text;
}

std::string CompareMarkdown(const CompareTable& table) {
  const std::vector<std::string> budgets =
      Names(table, [](const CompareRow& row) { return row.cell.budget.Name(); });
  const std::vector<std::string> families =
      Names(table, [](const CompareRow& row) { return row.cell.family; });
  const std::map<std::string, double> best = BestValues(table);
  std::string text = fmt::format("# {}\n\n", table.network);
  text += fmt::format(
      "Drop in {}{} against float ({}) on {} samples of {}, rounded to nearest / repaired with "
      "effort {}; {} calibration samples, none of them among those. Every weight and activation "
      "has the budget's width, first and last layer and the network's input included; biases are "
      "float32. Best of a column in bold.\n\n",
      table.metric, table.percent ? " points" : "",
      table.percent ? fmt::format("{:.2f} %", 100 * table.float_value)
                    : fmt::format("{:.4f}", table.float_value),
      table.images, table.data, table.effort, table.calibration);
  text += "| format |";
  for (const std::string& budget : budgets) text += fmt::format(" {} |", budget);
  text += "\n|---|";
  for (std::size_t b = 0; b < budgets.size(); ++b) text += "---|";
  for (const std::string& family : families) {
    text += fmt::format("\n| {} |", family);
    for (const std::string& budget : budgets) {
      const auto known = best.find(budget);
      text += fmt::format(" {} |", CellText(table, Find(table, family, budget),
                                            known == best.end() ? NAN : known->second));
    }
  }
  return text + "\n";
}

std::string CompareJson(const CompareTable& table) {
  Json json = Heading(table);
  json["float"] = table.float_value;
  json["percent"] = table.percent;
  json["cells"] = Json::array();
  for (const CompareRow& row : table.rows) {
    json["cells"].push_back({{"budget", row.cell.budget.Name()},
                             {"family", row.cell.family},
                             {"weights", row.cell.weights},
                             {"activations", row.cell.activations},
                             {"nearest", ResultJson(row.nearest)},
                             {"repaired", ResultJson(row.repaired)},
                             {"refusal", row.refusal}});
  }
  return json.dump(2) + "\n";
}

Expected<void> TakeOver(const std::string& text, const std::string& where, CompareTable& table) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("cells") || !json["cells"].is_array())
    return Fail("{}: is no comparison; give another folder with -o", where);
  const Json heading = Heading(table);
  for (const auto& [key, value] : heading.items()) {
    if (json.contains(key) && json[key] == value) continue;
    return Fail(
        "{}: holds a comparison whose '{}' is {}, now it is {}; give another folder with -o", where,
        key, json.value(key, Json()).dump(), value.dump());
  }
  for (const Json& cell : json["cells"]) {
    const std::string name = cell.value("budget", "");
    Expected<BitBudget> budget = BitBudget::Parse(name);
    if (!budget) return Fail("{}: '{}' is no budget of a comparison", where, name);
    CompareRow& row = RowOf(table, {cell.value("family", ""), *budget, cell.value("weights", ""),
                                    cell.value("activations", "")});
    row.nearest = ResultFrom(cell.value("nearest", Json()));
    row.repaired = ResultFrom(cell.value("repaired", Json()));
    row.refusal = cell.value("refusal", "");
  }
  return {};
}

}  // namespace bw
