#include "bitwright/cli/program_report.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "bitwright/base/text.h"

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

std::string_view SetName(SampleSet set) { return set == SampleSet::kSmall ? "small" : "full"; }

// "a fixed3 bias=2; b exp4"
std::string PlanLine(const number::Plan& plan) {
  std::string text = plan.ToText();
  if (!text.empty()) text.pop_back();
  std::string line;
  for (const char c : text) line += c == '\n' ? std::string("; ") : std::string(1, c);
  return line;
}

Json NumbersJson(const number::TuneNumbersResult& tuned) {
  Json numbers = Json::array();
  for (const number::TunedNumber& number : tuned.numbers) {
    numbers.push_back({{"name", number.info.name},
                       {"format", number.format->name()},
                       {"bias", number.format->bias()},
                       {"bits", number.format->bits()},
                       {"elements", number.info.elements},
                       {"stores", number.info.stores},
                       {"max_abs", number.info.max_abs}});
  }
  return numbers;
}

Json StepsJson(const number::TuneNumbersResult& tuned) {
  Json steps = Json::array();
  for (const number::TuneStep& step : tuned.steps) {
    steps.push_back({{"set", SetName(step.set)},
                     {"phase", step.phase},
                     {"cost", step.cost},
                     {"value", step.value ? Json(*step.value) : Json(nullptr)},
                     {"selected", step.selected},
                     {"plan", PlanLine(step.plan)}});
  }
  return steps;
}

}  // namespace

std::string ReportToJson(const ProgramReport& report) {
  const number::TuneNumbersResult& tuned = report.result.tuned;
  Json failed = Json::array();
  for (const number::FailedRun& run : report.result.failed) {
    failed.push_back({{"set", SetName(run.set)}, {"what", run.what}, {"plan", PlanLine(run.plan)}});
  }
  Json json = {{"program", report.program},
               {"lower_is_better", report.bound.lower_is_better},
               {"float_value", tuned.float_value},
               {"value", tuned.value},
               {"bound", tuned.bound},
               {"bound_kept", report.kept()},
               {"objective", report.objective},
               {"float_cost", tuned.float_cost},
               {"cost", tuned.cost},
               {"float_bits", tuned.float_bits},
               {"bits", tuned.bits},
               {"finished", tuned.finished},
               {"runs", report.result.runs},
               {"seconds", report.seconds},
               {"numbers", NumbersJson(tuned)},
               {"left_out", report.result.left_out},
               {"failed_runs", failed},
               {"steps", StepsJson(tuned)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ReportToText(const ProgramReport& report) {
  const number::TuneNumbersResult& tuned = report.result.tuned;
  const auto bytes = [](double bits) { return HumanBytes(bits / 8); };
  std::string text = fmt::format("{}\n\n", report.program);
  text +=
      fmt::format("value   {:.6g} (float32: {:.6g}; allowed: {} {:.6g})\n", tuned.value,
                  tuned.float_value, report.bound.lower_is_better ? "up to" : "from", tuned.bound);
  text += fmt::format("storage {} (float32: {}, {:.2f}x)\n", bytes(tuned.bits),
                      bytes(tuned.float_bits), tuned.float_bits / tuned.bits);
  text += fmt::format("{} runs, {} of them without a value; took {}{}\n\n", report.result.runs,
                      report.result.failed.size(), HumanSeconds(report.seconds),
                      tuned.finished ? "" : "; the budget ended the search");
  for (const number::TunedNumber& number : tuned.numbers) {
    text += fmt::format("{:<24} {:<20} {:>2} bits x {:<8} max |x| {:.4g}\n", number.info.name,
                        number.format->text(), number.format->bits(), number.info.elements,
                        number.info.max_abs);
  }
  for (const std::string& name : report.result.left_out) {
    text += fmt::format("{:<24} fp32                 not in the list of Numbers\n", name);
  }
  return text;
}

}  // namespace bw
