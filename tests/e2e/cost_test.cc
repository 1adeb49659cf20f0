// targets and cost, as a user runs them.

#include "tests/e2e/report.h"

namespace bw::program {
namespace {

Json CostJson(const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"cost", GlyphNetwork(), "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Json::parse(Succeed(arguments));
}

TEST(Targets, ListAndExplainEachOther) {
  const std::string list = Succeed({"targets"});
  for (const Json& target : Json::parse(Succeed({"targets", "--json"}))) {
    const auto name = target["name"].get<std::string>();
    EXPECT_NE(list.find(name), std::string::npos);
    EXPECT_EQ(Json::parse(Succeed({"targets", "show", name, "--json"})), target);
    const std::string explained = Succeed({"targets", "show", name});
    for (const auto& [parameter, unused] : target["parameters"].items())
      EXPECT_NE(explained.find(parameter), std::string::npos) << name << " " << parameter;
  }
}

TEST(Cost, LayersAddUpToTheNetwork) {
  for (const char* target : {"storage", "dybit-zcu102", "bitq-i7-10700f", "finnr-zcu104"}) {
    const Json cost = CostJson({"--weights", "int4", "--activations", "int8", "--target", target});
    EXPECT_EQ(cost["target"], target);
    for (const auto& [quantity, total] : cost["total"].items()) {
      double sum = 0, most = 0;
      for (const Json& layer : cost["layers"]) {
        const double part = layer["cost"].value(quantity, 0.0);
        sum += part;
        most = std::max(most, part);
      }
      const double expected = quantity == "peak_bytes" ? most : sum;
      EXPECT_NEAR(total.get<double>(), expected, 1e-9 * expected) << target << " " << quantity;
    }
  }
}

TEST(Cost, OfAPlanIsWhatItsReportSays) {
  const Folder folder;
  const GlyphSet set(folder, 7, 60);
  std::vector<std::string> arguments = {"quantize",         GlyphNetwork(), "-o",
                                        folder.path("out"), "--weights",    "int5"};
  const std::vector<std::string> data = set.Arguments();
  arguments.insert(arguments.end(), data.begin(), data.end());
  Succeed(arguments);
  const Json report = ReadJson(folder.path("out/report.json"));
  const Json cost = CostJson({"--plan", folder.path("out/plan.json")});
  EXPECT_EQ(cost["total"]["weight_bytes"], report["weights"]["bytes"]);
  EXPECT_EQ(cost["total"]["activation_bytes"], report["activations"]["bytes"]);
}

TEST(Cost, TakesAChipOfTheUsers) {
  const Folder folder;
  Json target = Json::parse(Succeed({"targets", "show", "bit-serial-16", "--json"}));
  target["name"] = "mine";
  target["parameters"]["mhz"] = 303;  // half
  const std::string file = folder.Put("mine.json", target.dump());
  const Json fast = CostJson({"--activations", "int8", "--target", "bit-serial-16"});
  const Json slow = CostJson({"--activations", "int8", "--target", file});
  EXPECT_EQ(slow["target"], "mine");
  EXPECT_NEAR(slow["total"]["latency_ns"].get<double>(),
              2 * fast["total"]["latency_ns"].get<double>(), 1e-6);
}

TEST(Cost, RefusesWhatItCannotTell) {
  const Folder folder;
  const auto refusal = [&](const std::vector<std::string>& more, int code) {
    std::vector<std::string> arguments = {"cost", GlyphNetwork()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = RunProgram(arguments);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_NE(refusal({"--target", "dybit-zcu120"}, 2).find("'dybit-zcu102'"), std::string::npos);
  EXPECT_NE(refusal({"--plan", "p.json", "--weights", "int4"}, 2).find("--plan"),
            std::string::npos);
  EXPECT_NE(refusal({"--weights", "int99"}, 2).find("--weights"), std::string::npos);
  const std::string bad = folder.Put("bad.json", R"({"bitwright_target": 1, "name": "x", "summary":
      "s", "source": "t", "model": "bit_serial", "parameters": {"mhz": 0, "units": 4}})");
  const std::string message = refusal({"--target", bad}, 3);
  EXPECT_NE(message.find("bad.json"), std::string::npos);
  EXPECT_NE(message.find("'mhz' is 0"), std::string::npos);
}

}  // namespace
}  // namespace bw::program
