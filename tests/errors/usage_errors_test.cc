// Command lines that are refused.

#include "tests/errors/refusal.h"

namespace bw::program {
namespace {

class BadLine : public Refusals {
 protected:
  std::vector<std::string> Quantize(const std::vector<std::string>& more) const {
    return Join(WithData({"quantize", GlyphNetwork(), "-o", out_}), more);
  }
  std::vector<std::string> Tune(const std::vector<std::string>& more) const {
    return Join(WithData({"tune", GlyphNetwork(), "-o", out_}), more);
  }
};

TEST_F(BadLine, AnUnknownCommandGetsTheNearest) {
  ExpectUsage({"evla"}, {"'evla'", "'eval'", "quantize", "tune"});
  ExpectUsage({"tuen", GlyphNetwork()}, {"'tuen'", "'tune'"});
  ExpectUsage({"--frobnicate"}, {"'--frobnicate'", "quantize"});
}

TEST_F(BadLine, NoCommandShowsTheCommands) {
  const Outcome outcome = RunProgram({});
  EXPECT_EQ(outcome.exit_code, kUsage);
  EXPECT_NE(outcome.err.find("quantize"), std::string::npos);
}

TEST_F(BadLine, HelpAndVersionAreNoErrors) {
  for (const std::vector<std::string>& line :
       std::vector<std::vector<std::string>>{{"--help"}, {"tune", "--help"}, {"--version"}}) {
    const Outcome outcome = RunProgram(line);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_NE(outcome.out, "");
  }
}

TEST_F(BadLine, AnUnknownOptionGetsTheNearest) {
  ExpectUsage(Quantize({"--wieghts", "int4"}),
              {"quantize", "'--wieghts'", "'--weights'", "--help"});
  ExpectUsage(Tune({"--max-dorp=1%"}), {"tune", "'--max-dorp'", "'--max-drop'"});
  ExpectUsage({"quantize", GlyphNetwork(), "--ouut", out_}, {"'--ouut'", "'--out'"});
}

TEST_F(BadLine, MissingArgumentsAreNamed) {
  ExpectUsage({"eval"}, {"eval", "model"});
  ExpectUsage({"eval", GlyphNetwork()}, {"eval", "--data"});
  ExpectUsage(WithData({"quantize", GlyphNetwork()}), {"quantize", "--out"});
  ExpectUsage({"quantize", GlyphNetwork(), "-o", out_}, {"--data", "--activations fp32"});
}

TEST_F(BadLine, ABudgetIsATimeOrANumberOfEvaluations) {
  for (const char* budget : {"soon", "5 years", "3.5evals", "-1m", "5m,many", "0evals", ","}) {
    ExpectUsage(Tune({"--budget", budget}), {"--budget", "5m,200evals"});
  }
}

TEST_F(BadLine, AConfidenceLiesBetweenAHalfAndOne) {
  for (const char* confidence : {"95", "100%", "50%", "high", "0.95x"}) {
    ExpectUsage(Tune({"--confidence", confidence}), {"--confidence", confidence, "0.95"});
  }
  ExpectUsage(Tune({"--confidence", "95%", "--margin", "1"}), {"--margin", "--confidence"});
}

TEST_F(BadLine, ASecondModelIsRefused) {
  ExpectUsage({"info", GlyphNetwork(), "more.onnx"}, {"info", "more.onnx"});
}

TEST_F(BadLine, NumbersOutOfRangeAreRefused) {
  ExpectUsage(Quantize({"--threads", "-1"}), {"--threads", "-1", "1024"});
  ExpectUsage(Quantize({"--threads", "many"}), {"--threads", "many"});
  ExpectUsage(Quantize({"--resize", "0"}), {"--resize", "0"});
  ExpectUsage(Quantize({"--limit", "-5"}), {"--limit", "-5"});
  ExpectUsage(Quantize({"--seed", "x"}), {"--seed", "x"});
  ExpectUsage(Quantize({"--seed", "-1"}), {"--seed", "-1"});
  ExpectUsage(Tune({"--evaluations", "0"}), {"--evaluations", "0"});
  ExpectUsage(Tune({"--sensitivity-samples", "-1"}), {"--sensitivity-samples", "-1"});
  ExpectUsage(Tune({"--calibration-samples", "0"}), {"--calibration-samples", "0"});
  ExpectUsage(Quantize({"--memory", "much"}), {"--memory", "'much'", "500m"});
  ExpectUsage(Quantize({"--memory", "0"}), {"--memory", "'0'", "2g"});
  ExpectUsage(Quantize({"--mean", "1,two"}), {"--mean", "'two'", "number"});
}

TEST_F(BadLine, AnUnknownFormatGetsTheNearest) {
  ExpectUsage(Tune({"--formats", "int4,dybti4"}), {"--formats", "'dybti4'", "'dybit4'", "formats"});
  ExpectUsage(Tune({"--weight-formats", "e4m3nf"}), {"--weight-formats", "'e4m3nf'", "'e4m3fn'"});
  ExpectUsage(Tune({"--activation-formats", "itn8"}), {"--activation-formats", "'itn8'", "'int8'"});
  ExpectUsage(Quantize({"--weights", "itn4"}), {"--weights", "'itn4'", "'int4'"});
  ExpectUsage(Quantize({"--activations", "itn4"}), {"--activations", "'itn4'", "'int4'"});
  ExpectUsage({"formats", "e4m3nf"}, {"'e4m3nf'", "'e4m3fn'"});
}

TEST_F(BadLine, ASpecThatFitsNoTensorIsRefused) {
  ExpectUsage(Quantize({"--weights", "int4:c5"}), {"--weights", "int4:c5", "axis 5"});
  ExpectUsage(Quantize({"--activations", "int4:c0"}), {"--activations", "int4:c0", "per tensor"});
  ExpectUsage(Tune({"--weight-scaling", "q"}), {"--weight-scaling", "'q'", "fp16"});
}

TEST_F(BadLine, AnUnknownMetricGetsTheNearest) {
  ExpectUsage(WithData({"eval", GlyphNetwork(), "--metric", "top2"}),
              {"--metric", "'top2'", "top1"});
  ExpectUsage(Quantize({"--metric", "aggreement"}), {"'aggreement'", "'agreement'"});
  ExpectUsage(Tune({"--metric", "acu"}), {"'acu'", "'auc'"});
}

TEST_F(BadLine, AMetricThatNeedsLabelsIsRefusedWithoutThem) {
  const std::vector<std::string> bare = {"--data",          set_.images, "--preprocess",
                                         GlyphPreprocess(), "--metric",  "top1"};
  ExpectUsage(Join({"eval", GlyphNetwork()}, bare), {"top1", "labels", "--labels"});
  ExpectUsage(Join({"quantize", GlyphNetwork(), "-o", out_}, bare), {"top1", "labels"});
  ExpectUsage(Join({"tune", GlyphNetwork(), "-o", out_}, bare), {"top1", "labels"});
}

TEST_F(BadLine, EvalRefusesMetricsThatCompareWithTheFloatNetwork) {
  for (const char* metric : {"agreement", "sqnr"}) {
    ExpectUsage(WithData({"eval", GlyphNetwork(), "--metric", metric}), {metric, "quantize"});
  }
}

TEST_F(BadLine, AnUnknownScaleMethodGetsTheNearest) {
  ExpectUsage(Quantize({"--scale-method", "msee"}), {"--scale-method", "'msee'", "'mse'", "max"});
  ExpectUsage(Tune({"--scale-method", "percentil"}), {"--scale-method", "'percentile'"});
  ExpectUsage(Tune({"--scale-method", "percentile=x"}), {"--scale-method", "'x'", "number"});
  ExpectUsage(Tune({"--scale-method", "percentile=400"}), {"--scale-method", "400"});
}

TEST_F(BadLine, BadBoundsOfTuningAreRefused) {
  for (const char* drop : {"x", "-1%", "1%%", "", "nan"}) {
    ExpectUsage(Tune({"--max-drop=" + std::string(drop)}), {"--max-drop"});
  }
  for (const char* budget : {"x", "5x", "-5m", "0", "", "nan"}) {
    ExpectUsage(Tune({"--budget=" + std::string(budget)}), {"--budget"});
  }
  ExpectUsage(Tune({"--minimize", "speed"}),
              {"--minimize", "speed", "weight_bytes", "activation_bytes"});
}

TEST_F(BadLine, BadOverridesAreRefused) {
  ExpectUsage(Quantize({"--layer", "conv"}), {"--layer", "'conv'", "REGEX=SPEC"});
  ExpectUsage(Quantize({"--layer", "(=int4"}), {"--layer", "'('", "regular expression"});
  ExpectUsage(Quantize({"--exclude", "["}), {"--exclude", "'['", "regular expression"});
  ExpectUsage(Quantize({"--layer", ".=itn4"}), {"--layer", "'itn4'", "'int4'"});
  ExpectUsage(Quantize({"--layer", "nosuch=int4"}), {"--layer", "nosuch", "none", "info"});
  ExpectUsage(Quantize({"--exclude", "nosuch"}), {"--exclude", "nosuch", "none", "info"});
}

}  // namespace
}  // namespace bw::program
