#include "bitwright/report/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

Report Sample() {
  Report report;
  report.network = "net.onnx";
  report.data = "data.npy";
  report.metric = "top1";
  report.percent = true;
  report.float_value = 0.915;
  report.quantized_value = 0.9075;
  report.images = 400;
  report.split = "by seed 1";
  report.max_drop = 0.01;
  report.search_drop = 0.005;
  report.sizes = {1000, 8000, 500, 2000};
  report.seconds = 12.5;
  report.tensors = {{"x", TargetKind::kActivation, "uint8", 8, 48, 48, 41.5, 1e-4},
                    {"a.w", TargetKind::kWeight, "int3:c0:fp16", 3, 135, 61, 17.25, std::nullopt},
                    {"b.w",
                     TargetKind::kWeight,
                     "fp32",
                     32,
                     10,
                     40,
                     std::numeric_limits<double>::infinity(),
                     {}}};
  return report;
}

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, unused] : object.items()) keys.push_back(key);
  return keys;
}

using Names = std::vector<std::string>;

TEST(ReportToJson, HasTheDocumentedKeys) {
  const Json json = Json::parse(ReportToJson(Sample()));
  EXPECT_EQ(Keys(json), (Names{"network",
                               "data",
                               "split",
                               "float",
                               "quantized",
                               "drop",
                               "max_drop",
                               "search_drop",
                               "splits",
                               "certificate",
                               "judge",
                               "interrupted",
                               "weights",
                               "activations",
                               "total",
                               "seconds",
                               "peak_memory_bytes",
                               "tensors",
                               "methods",
                               "layers"}));
  EXPECT_EQ(Keys(json["float"]), (Names{"metric", "value", "images"}));
  EXPECT_EQ(Keys(json["quantized"]), Keys(json["float"]));
  for (const char* part : {"weights", "activations", "total"}) {
    EXPECT_EQ(Keys(json[part]), (Names{"bytes", "float_bytes", "ratio"})) << part;
  }
  ASSERT_EQ(json["tensors"].size(), 3U);
  for (const Json& tensor : json["tensors"]) {
    EXPECT_EQ(Keys(tensor), (Names{"name", "kind", "spec", "bits", "elements", "bytes", "sqnr_db",
                                   "sensitivity"}));
  }
}

// 400 samples, 5 lost and 2 won.
Report Certified(double upper_limit) {
  Report report = Sample();
  report.splits = {100, 400, 400, 0, 3};
  report.certificate =
      Certificate{0.95, 400, 0.0075, {-0.004, 0.02}, upper_limit, PairedCounts{400, 5, 2}, 0.01};
  report.confidence_demanded = true;
  report.search_upper_limit = 0.0095;
  return report;
}

TEST(ReportToJson, HoldsTheCertificateAndTheSplits) {
  const Json json = Json::parse(ReportToJson(Certified(0.0098)));
  EXPECT_EQ(Keys(json["certificate"]),
            (Names{"confidence", "demanded", "certified", "method", "samples", "drop", "interval",
                   "upper_limit", "search_upper_limit", "lost", "won", "mcnemar_exact_p",
                   "mcnemar_mid_p"}));
  EXPECT_EQ(json["certificate"]["certified"], true);
  EXPECT_EQ(json["certificate"]["method"], "exact");
  EXPECT_EQ(json["certificate"]["interval"], (Json{-0.004, 0.02}));
  EXPECT_EQ(json["certificate"]["lost"], 5);
  EXPECT_EQ(json["certificate"]["mcnemar_exact_p"], 2 * 29 / 128.0);  // 1 + 7 + 21 of 128, twice
  EXPECT_EQ(json["splits"], (Json{{"calibration", 100},
                                  {"search", 400},
                                  {"test", 400},
                                  {"search_in_calibration", 0},
                                  {"test_in_others", 3},
                                  {"disjoint", false}}));
  EXPECT_EQ(Json::parse(ReportToJson(Certified(0.011)))["certificate"]["certified"], false);
  EXPECT_EQ(Json::parse(ReportToJson(Sample()))["certificate"], nullptr);
}

TEST(ReportToMarkdown, SaysWhetherTheBoundIsCertified) {
  const std::string good = ReportToMarkdown(Certified(0.0098));
  EXPECT_NE(
      good.find("\nCertified. With 95 % confidence the drop on unseen samples is at most 0.98 "
                "points (1.00 allowed); 95 % interval -0.40 to 2.00 points (exact: 5 of 400 "
                "samples lost, 2 won; McNemar p = 0.45, mid-p 0.29).\n"),
      std::string::npos)
      << good;
  EXPECT_NE(ReportToMarkdown(Certified(0.011)).find("\nNOT certified. With"), std::string::npos);
  EXPECT_EQ(ReportToMarkdown(Sample()).find("confidence"), std::string::npos);
}

TEST(ReportToMarkdown, NamesTheJudgeAndWhatItRefused) {
  Report report = Sample();
  report.judge = {"./judge {model.onnx}", 9, {"exit code 1", "no end within 2 s"}};
  report.percent = false;
  report.interrupted = true;
  const std::string text = ReportToMarkdown(report);
  EXPECT_NE(text.find("'./judge {model.onnx}': float 0.9150, quantized 0.9075"), std::string::npos);
  EXPECT_NE(text.find("no value for 2 of 9 networks, which were refused; the last: no end within 2 "
                      "s."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("ended by the user"), std::string::npos);
}

TEST(ReportToJson, HoldsTheFigures) {
  const Json json = Json::parse(ReportToJson(Sample()));
  EXPECT_EQ(json["network"], "net.onnx");
  EXPECT_EQ(json["data"], "data.npy");
  EXPECT_EQ(json["split"], "by seed 1");
  EXPECT_EQ(json["float"], (Json{{"metric", "top1"}, {"value", 0.915}, {"images", 400}}));
  EXPECT_EQ(json["quantized"]["value"], 0.9075);
  EXPECT_NEAR(json["drop"].get<double>(), 0.0075, 1e-12);
  EXPECT_EQ(json["max_drop"], 0.01);
  EXPECT_EQ(json["search_drop"], 0.005);
  EXPECT_EQ(json["weights"], (Json{{"bytes", 1000}, {"float_bytes", 8000}, {"ratio", 8.0}}));
  EXPECT_EQ(json["activations"], (Json{{"bytes", 500}, {"float_bytes", 2000}, {"ratio", 4.0}}));
  EXPECT_EQ(json["total"]["bytes"], 1500);
  EXPECT_EQ(json["total"]["float_bytes"], 10000);
  EXPECT_NEAR(json["total"]["ratio"].get<double>(), 20.0 / 3, 1e-12);
  EXPECT_EQ(json["seconds"], 12.5);
  EXPECT_EQ(json["tensors"][0], (Json{{"name", "x"},
                                      {"kind", "activation"},
                                      {"spec", "uint8"},
                                      {"bits", 8},
                                      {"elements", 48},
                                      {"bytes", 48},
                                      {"sqnr_db", 41.5},
                                      {"sensitivity", 1e-4}}));
  EXPECT_EQ(json["tensors"][1]["kind"], "weight");
  EXPECT_TRUE(json["tensors"][1]["sensitivity"].is_null());
}

TEST(ReportToJson, WhatIsNotFiniteIsNull) {
  Report report = Sample();
  report.float_value = std::numeric_limits<double>::infinity();
  report.quantized_value = std::nan("");
  report.max_drop.reset();
  report.search_drop.reset();
  report.sizes = {};
  report.tensors[0].sqnr_db = std::nan("");
  report.tensors[1].sensitivity = std::nan("");
  const Json json = Json::parse(ReportToJson(report));
  EXPECT_TRUE(json["float"]["value"].is_null());
  EXPECT_TRUE(json["quantized"]["value"].is_null());
  EXPECT_TRUE(json["drop"].is_null());
  EXPECT_TRUE(json["max_drop"].is_null());
  EXPECT_TRUE(json["search_drop"].is_null());
  EXPECT_TRUE(json["weights"]["ratio"].is_null());  // 0 / 0
  for (const Json& tensor : json["tensors"])
    EXPECT_TRUE(tensor["sqnr_db"].is_null() || tensor["name"] == "a.w");
  EXPECT_TRUE(json["tensors"][1]["sensitivity"].is_null());
}

TEST(ReportToMarkdown, TellsTheSummaryFirst) {
  const std::string text = ReportToMarkdown(Sample());
  EXPECT_TRUE(
      text.starts_with("# net.onnx\n\ntop1 on 400 test samples of data.npy: float 91.50 %, "
                       "quantized 90.75 %, drop 0.75 points"))
      << text;
  for (const char* part : {"8.00x", "4.00x", "6.67x", "int3:c0:fp16", "17.2", "1.00e-04"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace bw
