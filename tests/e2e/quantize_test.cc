// quantize, eval, info and formats on the embedded example, as a user runs them.

#include <cmath>

#include "tests/e2e/report.h"

namespace bw::program {
namespace {

class Quantize : public ::testing::Test {
 protected:
  std::vector<std::string> Line(const std::string& out,
                                const std::vector<std::string>& more = {}) const {
    const std::vector<std::string> line = {"quantize", GlyphNetwork(), "-o", folder_.path(out)};
    return Join(Join(line, set_.Arguments()), more);
  }
  Json Report(const std::string& out) const { return ReadJson(folder_.path(out + "/report.json")); }
  std::string Model(const std::string& out) const {
    return Slurp(folder_.path(out + "/model.onnx"));
  }
  // The specs in the report by tensor, of one kind.
  std::map<std::string, std::string> Specs(const std::string& out, const std::string& kind) const {
    std::map<std::string, std::string> specs;
    const Json report = Report(out);
    for (const Json& tensor : report["tensors"]) {
      if (tensor["kind"] == kind) specs[tensor["name"]] = tensor["spec"];
    }
    return specs;
  }

  const Folder folder_;
  const GlyphSet set_{folder_, 11, 500};
};

TEST_F(Quantize, EightBitsStayWithinAPointOfFloat) {
  Succeed(Line("out"));
  EXPECT_EQ(folder_.List("out"), kResults);
  const Json report = Report("out");
  EXPECT_EQ(report["float"]["metric"], "top1");
  EXPECT_EQ(report["float"]["images"], 400);
  EXPECT_EQ(report["quantized"]["images"], 400);
  const double before = report["float"]["value"], after = report["quantized"]["value"];
  EXPECT_GE(before, 0.93);
  EXPECT_LE(std::abs(before - after), 0.01);
  EXPECT_DOUBLE_EQ(report["drop"].get<double>(), before - after);
  EXPECT_NEAR(report["weights"]["ratio"].get<double>(), 4, 0.3);
  EXPECT_NEAR(report["activations"]["ratio"].get<double>(), 4, 0.05);
}

TEST_F(Quantize, TwoBitsHurt) {
  Succeed(Line("out", {"--weights", "int2:t", "--activations", "int2"}));
  EXPECT_GT(Report("out")["drop"].get<double>(), 0.05);
}

TEST_F(Quantize, TheReportHasTheDocumentedKeysAndAddsUp) {
  // Fitted weights may lie far from the float network's.
  Succeed(Line("out", {"--weights", "dybit4:c:fp16", "--without", "forward_compensation"}));
  const Json report = Report("out");
  for (const char* key :
       {"network", "data", "split", "float", "quantized", "drop", "max_drop", "search_drop",
        "weights", "activations", "total", "seconds", "peak_memory_bytes", "tensors"}) {
    EXPECT_TRUE(report.contains(key)) << key;
  }
  EXPECT_TRUE(report["max_drop"].is_null());
  EXPECT_GT(report["seconds"].get<double>(), 0);
  for (const char* side : {"weights", "activations", "total"}) {
    const Json& size = report[side];
    const double ratio = size["float_bytes"].get<double>() / size["bytes"].get<double>();
    EXPECT_NEAR(size["ratio"].get<double>(), ratio, 1e-6 * ratio) << side;
  }
  for (const char* key : {"bytes", "float_bytes"}) {
    EXPECT_EQ(report["total"][key].get<std::int64_t>(),
              report["weights"][key].get<std::int64_t>() +
                  report["activations"][key].get<std::int64_t>());
  }
  std::int64_t weight_bytes = 0, weights = 0;
  for (const Json& tensor : report["tensors"]) {
    for (const char* key :
         {"name", "kind", "spec", "bits", "elements", "bytes", "sqnr_db", "sensitivity"}) {
      EXPECT_TRUE(tensor.contains(key)) << tensor.dump() << " " << key;
    }
    if (tensor["kind"] != "weight") continue;
    ++weights;
    weight_bytes += tensor["bytes"].get<std::int64_t>();
    EXPECT_EQ(tensor["bits"], 4);
    EXPECT_GE(tensor["bytes"].get<std::int64_t>(), tensor["elements"].get<std::int64_t>() / 2);
    EXPECT_GT(tensor["sqnr_db"].get<double>(), 10) << tensor.dump();
  }
  EXPECT_EQ(weights, 10);
  EXPECT_LE(weight_bytes, report["weights"]["bytes"].get<std::int64_t>());
}

TEST_F(Quantize, TheModelFileIsAsBigAsTheReportSays) {
  int number = 0;
  for (const char* spec : {"int8", "int3:c:fp16", "dybit5:c:fp32", "int4:b8:e8m0", "esb6_2:t"}) {
    const std::string out = "out" + std::to_string(number++);
    Succeed(Line(out, {"--weights", spec, "--layer", "depthwise|stem|\\.dw|conv1=int8"}));
    ExpectHonestSize(folder_.path(out), Report(out));
  }
}

TEST_F(Quantize, TheWrittenPlanGivesTheSameModel) {
  Succeed(Line("first", {"--weights", "int5:c:fp16", "--activations", "dybit6"}));
  const std::string plan = folder_.path("first/plan.json");
  Succeed(Line("again", {"--plan", plan}));
  EXPECT_TRUE(Model("again") == Model("first"));
  EXPECT_EQ(Slurp(folder_.path("again/plan.json")), Slurp(plan));
  EXPECT_EQ(Report("again")["quantized"], Report("first")["quantized"]);
}

TEST_F(Quantize, APlanThatRoundsToNearestNeedsNoData) {
  Succeed(Line("first", {"--weights", "dybit5", "--rounding", "nearest"}));
  const std::string plan = folder_.path("first/plan.json");
  Succeed({"quantize", GlyphNetwork(), "--plan", plan, "-o", folder_.path("bare")});
  EXPECT_TRUE(Model("bare") == Model("first"));
  EXPECT_EQ(Slurp(folder_.path("bare/plan.json")), Slurp(plan));
  EXPECT_EQ(Report("bare")["quantized"]["images"], 0);
}

TEST_F(Quantize, AnEditedPlanIsCalibratedAnewWhereItWasEdited) {
  Succeed(Line("first"));
  Json plan = ReadJson(folder_.path("first/plan.json"));
  std::string weight, activation;
  for (const auto& [name, entry] : plan["tensors"].items()) {
    (entry.contains("scale") ? activation : weight) = name;
  }
  plan["tensors"][weight]["spec"] = "dybit4:c0";
  plan["tensors"][activation]["spec"] = "fixed6";
  const std::string edited = folder_.Put("edited.json", plan.dump(2));
  Succeed(Line("second", {"--plan", edited}));
  const Json written = ReadJson(folder_.path("second/plan.json"))["tensors"];
  for (const auto& [name, entry] : plan["tensors"].items()) {
    EXPECT_EQ(written[name]["spec"], entry["spec"]) << name;
    if (name == activation) continue;
    EXPECT_EQ(written[name], entry) << name;
  }
  EXPECT_EQ(written[activation]["scaled_for"], "fixed6");
  EXPECT_NE(written[activation]["scale"], plan["tensors"][activation]["scale"]);
  EXPECT_EQ(Specs("second", "weight")[weight], "dybit4:c0");
  EXPECT_FALSE(Model("second") == Model("first"));
}

TEST_F(Quantize, LayersAndExclusionsOverrideByRegularExpression) {
  Succeed(Line("plain"));
  const auto plain = Specs("plain", "weight");
  ASSERT_GE(plain.size(), 3U);
  const std::string first = plain.begin()->first, last = plain.rbegin()->first;
  Succeed(Line("out", {"--layer", ".*=int6", "--layer", "^" + first + "$=dybit4", "--exclude",
                       "^" + last + "$"}));
  for (const auto& [name, spec] : Specs("out", "weight")) {
    const std::string expected = name == first ? "dybit4" : name == last ? "fp32" : "int6";
    EXPECT_EQ(spec.substr(0, spec.find(':')), expected) << name;
  }
  for (const auto& [name, spec] : Specs("out", "activation")) {
    EXPECT_TRUE(spec.starts_with("int6") || spec.starts_with("uint6")) << name << " " << spec;
  }
}

TEST_F(Quantize, FloatEverywhereChangesNothing) {
  Succeed(Line("out", {"--weights", "fp32", "--activations", "fp32"}));
  const Json report = Report("out");
  EXPECT_EQ(report["float"]["value"], report["quantized"]["value"]);
  EXPECT_EQ(report["weights"]["bytes"], report["weights"]["float_bytes"]);
  EXPECT_EQ(report["total"]["ratio"], 1.0);
}

TEST_F(Quantize, WeightsTakeMicroscalingBlocks) {
  const std::string keep = "^(?!.*(fc|linear|classifier|pointwise|pw)).*$";
  const Json info = Json::parse(Succeed({"info", GlyphNetwork(), "--json"}));
  std::vector<std::string> line = {"--weights", "mxfp4", "--activations", "fp32"};
  std::set<std::string> blocked;
  for (const Json& tensor : info["tensors"]) {
    if (tensor["kind"] != "weight") continue;
    const std::string name = tensor["name"];
    const std::int64_t row =
        tensor["elements"].get<std::int64_t>() / tensor["shape"][0].get<std::int64_t>();
    if (row % 32 == 0) {
      blocked.insert(name);
    } else {
      line.insert(line.end(), {"--exclude", "^" + name + "$"});
    }
  }
  ASSERT_FALSE(blocked.empty());
  Succeed(Line("out", line));
  const auto specs = Specs("out", "weight");
  for (const std::string& name : blocked) {
    EXPECT_EQ(specs.at(name).substr(0, 8), "e2m1:b32") << name;
    EXPECT_NE(specs.at(name).find(":e8m0"), std::string::npos) << name;
  }
  const Json report = Report("out");
  EXPECT_LT(report["drop"].get<double>(), 0.1);
  ExpectHonestSize(folder_.path("out"), report);
}

TEST_F(Quantize, JsonOnStandardOutputIsTheReportFile) {
  const std::string out = Succeed(Line("out", {"--json"}));
  EXPECT_EQ(Json::parse(out), Report("out"));
}

TEST_F(Quantize, ThreadsDoNotChangeABit) {
  Succeed(Line("one", {"--weights", "int4", "--activations", "int4", "--threads", "1"}));
  Succeed(Line("two", {"--weights", "int4", "--activations", "int4", "--threads", "2"}));
  EXPECT_TRUE(Model("one") == Model("two"));
  EXPECT_EQ(Slurp(folder_.path("one/plan.json")), Slurp(folder_.path("two/plan.json")));
  EXPECT_EQ(Report("one")["quantized"], Report("two")["quantized"]);
}

TEST_F(Quantize, AgreementAndSqnrNeedNoLabels) {
  const std::vector<std::string> bare = {"quantize",  GlyphNetwork(),     "--data",
                                         set_.images, "--preprocess",     GlyphPreprocess(),
                                         "-o",        folder_.path("out")};
  Succeed(bare);
  EXPECT_EQ(Report("out")["quantized"]["metric"], "agreement");
  EXPECT_EQ(Report("out")["float"]["value"], 1.0);
  EXPECT_GE(Report("out")["quantized"]["value"].get<double>(), 0.97);
  Succeed(Join(bare, {"--metric", "sqnr"}));
  EXPECT_TRUE(Report("out")["float"]["value"].is_null()) << "infinite";
  EXPECT_GT(Report("out")["quantized"]["value"].get<double>(), 20);
}

TEST_F(Quantize, EvalCountsTheSameAsTheReferenceKernels) {
  const std::vector<std::string> line =
      Join(Join({"eval", GlyphNetwork()}, set_.Arguments()), {"--json", "--limit", "100"});
  Json fast = Json::parse(Succeed(line));
  Json reference = Json::parse(Succeed(Join(line, {"--reference"})));
  for (Json* result : {&fast, &reference}) result->erase("peak_memory_bytes");
  EXPECT_EQ(fast, reference);
  EXPECT_EQ(fast["images"], 100);
  EXPECT_EQ(fast["metric"], "top1");
  EXPECT_GE(fast["value"].get<double>(), 0.9);
}

TEST_F(Quantize, InfoAndFormatsPrintJson) {
  const Json info = Json::parse(Succeed({"info", GlyphNetwork(), "--json"}));
  EXPECT_GT(info["macs"].get<std::int64_t>(), 100000);
  EXPECT_GT(info["tensors"].size(), 15U);
  const Json formats = Json::parse(Succeed({"formats", "--json"}));
  std::set<std::string> names;
  for (const Json& format : formats) names.insert(format["name"]);
  for (const char* name : {"int4", "uint8", "dybit4", "e4m3fn", "e2m1", "bf16", "esb6_2"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

}  // namespace
}  // namespace bw::program
