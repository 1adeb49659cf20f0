// bench on the embedded example, as a user runs it: what it says of each layer, not how fast it is.

#include "tests/e2e/report.h"

namespace bw::program {
namespace {

class Bench : public ::testing::Test {
 protected:
  // The folder of a network quantized to these formats.
  std::string Quantized(const std::string& weights, const std::string& activations) const {
    const std::string out = folder_.path(weights + activations);
    const std::vector<std::string> line = {
        "quantize",      GlyphNetwork(), "-o",       out,    "--weights", weights,
        "--activations", activations,    "--effort", "fast", "--limit",   "100"};
    Succeed(Join(line, set_.Arguments()));
    return out;
  }
  static std::vector<std::string> Line(const std::vector<std::string>& more) {
    return Join({"bench", GlyphNetwork(), "--seconds", "0.01"}, more);
  }

  const Folder folder_;
  const GlyphSet set_{folder_, 19, 200};
};

TEST_F(Bench, GivesEveryBatchLayerAndPeak) {
  const Json json = Json::parse(Succeed(Line({"--batch", "1,4", "--threads", "2", "--json"})));
  EXPECT_EQ(json["threads"], 2);
  for (const char* peak : {"float32_gmacs", "int8_gmacs", "copy_gb_s", "memory_gb_s"})
    EXPECT_GT(json["peaks"][peak].get<double>(), 0) << peak;
  ASSERT_EQ(json["batches"].size(), 2U);
  EXPECT_EQ(json["batches"][1]["batch"], 4);
  for (const Json& batch : json["batches"]) {
    EXPECT_GT(batch["latency_ms"].get<double>(), 0);
    EXPECT_GT(batch["rows_per_second"].get<double>(), 0);
    double total = 0;
    for (const Json& layer : batch["layers"]) {
      total += layer["ms"].get<double>();
      EXPECT_GT(layer["of_peak"].get<double>(), 0) << layer["name"];
      const bool multiplies = layer["gmacs"].get<double>() > 0;
      EXPECT_EQ(layer["path"], multiplies ? "float32" : "") << layer["name"];
    }
    EXPECT_GT(total, 0);
  }
}

// One activation format, one weight format: one path for all layers.
TEST_F(Bench, SaysThePathsThatTheReportSays) {
  const std::vector<std::vector<std::string>> cases = {{"int8:c0", "int8", "int8"},
                                                       {"int8:c0", "int12", "split int8"},
                                                       {"nf4:c0", "int8", "float32"}};
  for (const auto& formats : cases) {
    const std::string out = Quantized(formats[0], formats[1]);
    std::map<std::string, std::string> reported;
    const Json report = ReadJson(out + "/report.json");
    for (const Json& layer : report["layers"]) reported[layer["name"]] = layer["path"];
    const std::string plan = out + "/plan.json";
    const Json json = Json::parse(Succeed(Line({"--plan", plan, "--batch", "2", "--json"})));
    std::map<std::string, std::string> measured;
    for (const Json& layer : json["batches"][0]["layers"]) {
      if (layer["path"] == "") continue;
      measured[layer["name"]] = layer["path"];
      EXPECT_EQ(layer["path"], formats[2]) << layer["name"];
      EXPECT_EQ(layer.contains("reason"), layer["path"] == "float32") << layer["name"];
    }
    EXPECT_EQ(measured, reported);
    EXPECT_FALSE(reported.empty());
  }
}

TEST_F(Bench, ThePrintedTableHasALineForEachLayer) {
  const std::string text = Succeed(Line({"--batch", "3"}));
  const Json json = Json::parse(Succeed(Line({"--batch", "3", "--json"})));
  EXPECT_NE(text.find("batch 3: "), std::string::npos) << text;
  for (const Json& layer : json["batches"][0]["layers"])
    EXPECT_NE(text.find(layer["name"].get<std::string>()), std::string::npos) << layer["name"];
}

TEST_F(Bench, RefusesWhatIsNoPlanAndNoBatch) {
  const Outcome plan =
      RunProgram(Line({"--plan", folder_.Put("plan.json", R"({"tensors": {"nobody": {}}})")}));
  EXPECT_EQ(plan.exit_code, 3);
  EXPECT_NE(plan.err.find("plan.json"), std::string::npos) << plan.err;
  const Outcome batch = RunProgram(Line({"--batch", "0"}));
  EXPECT_EQ(batch.exit_code, 2);
  EXPECT_NE(batch.err.find("--batch"), std::string::npos) << batch.err;
}

}  // namespace
}  // namespace bw::program
