#include "listing.h"

#include <map>

#include "bitwright/graph/op.h"

namespace bw::conformance {
namespace {

struct Tally {
  int passed = 0, all = 0;
};

std::string Operators(std::string_view domain) {
  std::string text;
  for (const OpDef* op : ops::All()) {
    if (op->domain == domain) text += fmt::format("{}{}", text.empty() ? "" : ", ", op->name);
  }
  return text;
}

std::string Scope(const std::vector<Result>& results) {
  std::map<std::string, Tally> outside;
  Tally inside;
  for (const Result& result : results) {
    Tally& tally = result.out_of_scope.empty() ? inside : outside[result.out_of_scope];
    ++tally.all;
    if (result.outcome.verdict == Verdict::kPass) ++tally.passed;
  }
  std::string text =
      fmt::format("| tests | number | pass |\n|---|---|---|\n| in scope | {} | {} |\n", inside.all,
                  inside.passed);
  for (const auto& [reason, tally] : outside) {
    text += fmt::format("| outside: {} | {} | {} |\n", reason, tally.all, tally.passed);
  }
  return text;
}

std::string Refusals(const std::vector<Result>& results) {
  std::string text = "| test | operators | reason |\n|---|---|---|\n";
  for (const Result& result : results) {
    if (!result.out_of_scope.empty() || result.outcome.verdict == Verdict::kPass) continue;
    std::string reason = result.outcome.message;
    if (reason.starts_with(result.name + ": ")) reason.erase(0, result.name.size() + 2);
    text += fmt::format("| {} | {} | {}{} |\n", result.name, result.operators,
                        result.outcome.verdict == Verdict::kWrong ? "WRONG: " : "", reason);
  }
  return text;
}

}  // namespace

Result Evaluate(const Test& test) {
  onnx::ModelProto model;
  if (!model.ParseFromString(test.model))
    return {test.name, "", "", {Verdict::kRefused, "damaged"}};
  Result result{test.name, OperatorsOf(model), OutOfScope(test, model), {}};
  if (result.out_of_scope.empty() || test.tensors_only) result.outcome = Judge(test);
  return result;
}

std::string Listing(const std::vector<Result>& results) {
  return fmt::format(
      "# Operators\n\n"
      "Written by `conformance --list`, from ONNX's backend node tests.\n\n"
      "## Supported\n\nONNX: {}.\n\nBitwright's own: {}.\n\n"
      "float64, float16 and bfloat16 tensors are computed as float32.\n\n"
      "## Conformance\n\nIn scope are the tests of inference operators on dense tensors of floats, "
      "integers and bools.\n\n{}\n"
      "## Refused in scope\n\n{}",
      Operators(""), Operators("bitwright"), Scope(results), Refusals(results));
}

}  // namespace bw::conformance
