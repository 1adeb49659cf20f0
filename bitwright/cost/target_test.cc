#include "bitwright/cost/target.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

std::string Refusal(const std::string& json) {
  const Expected<CostTarget> target = TargetFromJson(json, "chip.json");
  EXPECT_FALSE(target.has_value()) << json;
  return target ? "" : target.error().message;
}

void ExpectRefused(const std::string& json, const std::vector<std::string>& words) {
  const std::string message = Refusal(json);
  for (const std::string& word : words)
    EXPECT_NE(message.find(word), std::string::npos) << word << " in " << message;
}

std::string File(const std::string& model, const std::string& parameters) {
  return R"({"bitwright_target": 1, "name": "chip", "summary": "s", "source": "t", "model": ")" +
         model + R"(", "parameters": )" + parameters + "}";
}

TEST(Targets, BuiltInOnesPrintAndParseBack) {
  ASSERT_FALSE(BuiltInTargets().empty());
  for (const CostTarget& target : BuiltInTargets()) {
    const Expected<CostTarget> again = TargetFromJson(TargetToJson(target), target.name);
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(TargetToJson(*again), TargetToJson(target));
    EXPECT_FALSE(target.source.empty());
  }
}

TEST(Targets, BuiltInOnesBind) {
  for (const CostTarget& target : BuiltInTargets()) {
    const auto bound = target.model->bind(target.parameters);
    EXPECT_TRUE(bound.has_value()) << (bound ? "" : bound.error().message);
  }
}

TEST(Targets, EveryModelHasOne) {
  for (const CostModel* model : cost_models::All()) {
    EXPECT_TRUE(std::any_of(BuiltInTargets().begin(), BuiltInTargets().end(),
                            [&](const CostTarget& target) { return target.model == model; }))
        << model->name;
  }
}

TEST(Targets, AreFoundByNameOrPath) {
  EXPECT_EQ(FindTarget("storage")->name, "storage");
  const Expected<CostTarget> unknown = FindTarget("storgae");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().message.find("nearest is 'storage'"), std::string::npos);
  EXPECT_NE(FindTarget("absent.json").error().message.find("absent.json"), std::string::npos);
}

TEST(Targets, BadFilesAreRefused) {
  ExpectRefused("[", {"chip.json", "no JSON"});
  ExpectRefused("{}", {"'bitwright_target' is not 1"});
  ExpectRefused(File("dybti", "{}"), {"'dybti'", "nearest is", "storage"});
  ExpectRefused(File("storage", R"({"rows": 4})"), {"model 'storage'", "'rows'", "takes none"});
  ExpectRefused(File("storage", R"({"rows": "4"})"), {"'rows' is no number"});
  ExpectRefused(R"({"bitwright_target": 1, "nmae": "x"})", {"'nmae'", "'name'"});
  ExpectRefused(R"({"bitwright_target": 1, "name": 3})", {"'name' is missing or no string"});
}

TEST(Parameters, MustBeThereInNumberAndRange) {
  constexpr ParameterRule kRules[] = {{"rows", "rows of the array", 1, 1, 100},
                                      {"widths", "widths in bits", 0, 1, 32},
                                      {"levels", "two levels", 2, 0, 9}};
  const auto check = [&](std::vector<double> rows, std::vector<double> widths,
                         std::vector<double> levels) {
    Parameters parameters;
    parameters.Set("rows", std::move(rows));
    parameters.Set("widths", std::move(widths));
    parameters.Set("levels", std::move(levels));
    const Expected<void> fits = CheckParameters(parameters, kRules);
    return fits ? std::string("fits") : fits.error().message;
  };
  EXPECT_EQ(check({4}, {2, 4, 8}, {1, 2}), "fits");
  EXPECT_EQ(check({0}, {2}, {1, 2}),
            "parameter 'rows' is 0, 1 to 100 is allowed: rows of the array");
  EXPECT_EQ(check({4}, {}, {1, 2}), "parameter 'widths' is empty: widths in bits");
  EXPECT_EQ(check({4}, {64}, {1, 2}),
            "parameter 'widths' is 64, 1 to 32 is allowed: widths in bits");
  EXPECT_EQ(check({4}, {2}, {1}), "parameter 'levels' has 1 numbers, 2 are needed: two levels");
  EXPECT_EQ(CheckParameters({}, kRules).error().message,
            "parameter 'rows' is missing: rows of the array");
}

}  // namespace
}  // namespace bw
