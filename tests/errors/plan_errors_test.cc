// Plans that are refused, and output folders that cannot be written.

#include <filesystem>
#include <nlohmann/json.hpp>

#include "bitwright/onnx/model_test.h"
#include "tests/errors/refusal.h"

namespace bw::program {
namespace {

using Json = nlohmann::ordered_json;

class BadPlan : public Refusals {
 protected:
  void SetUp() override {
    const Outcome made =
        RunProgram(WithData({"quantize", GlyphNetwork(), "--weights", "int4", "--rounding",
                             "nearest", "-o", folder_.path("good")}));
    ASSERT_EQ(made.exit_code, 0) << made.err;
    plan_ = Json::parse(Slurp(folder_.path("good/plan.json")));
    for (const auto& [name, entry] : plan_["tensors"].items()) {
      (entry.contains("scale") ? activation_ : weight_) = name;
    }
  }
  void ExpectRefused(const Json& plan, const std::vector<std::string>& parts) const {
    ExpectTextRefused(plan.dump(), parts);
  }
  void ExpectTextRefused(const std::string& plan, const std::vector<std::string>& parts) const {
    const std::string path = folder_.Put("plan.json", plan);
    const std::vector<std::string> without = {"quantize", GlyphNetwork(), "--plan",
                                              path,       "-o",           out_};
    ExpectInput(without, Join({path}, parts));
    ExpectInput(WithData(without), Join({path}, parts));
  }

  Json plan_;
  std::string weight_, activation_;
};

TEST_F(BadPlan, APlanForAnotherNetworkIsRefused) {
  const std::string other = folder_.Put("other.onnx", SmallModel().Bytes());
  ExpectInput({"quantize", other, "--plan", folder_.path("good/plan.json"), "-o", out_},
              {"good/plan.json", "another network"});
  Json same_names = plan_;
  same_names["network"] = "0123456789abcdef";
  ExpectRefused(same_names, {"0123456789abcdef", plan_["network"]});
}

TEST_F(BadPlan, AnUnknownTensorIsRefusedWithTheNearest) {
  Json plan = plan_;
  plan["tensors"][weight_ + "x"] = plan["tensors"][weight_];
  ExpectRefused(plan, {"'" + weight_ + "x'", "'" + weight_ + "'"});
}

TEST_F(BadPlan, BrokenJsonAndUnknownKeysAreRefused) {
  ExpectTextRefused("{", {"JSON"});
  ExpectTextRefused("[]", {"object"});
  ExpectTextRefused("", {"JSON"});
  Json key = plan_;
  key["tensors"][weight_]["spce"] = "int4";
  ExpectRefused(key, {weight_, "'spce'", "'spec'"});
  Json version = plan_;
  version["bitwright_plan"] = 2;
  ExpectRefused(version, {"bitwright_plan", "1"});
}

TEST_F(BadPlan, AnUnknownFormatIsRefusedWithTheNearest) {
  Json plan = plan_;
  plan["tensors"][weight_]["spec"] = "dybti4:c0";
  ExpectRefused(plan, {weight_, "'dybti4'", "'dybit4'"});
}

TEST_F(BadPlan, AnUnknownScaleMethodIsRefusedWithTheNearest) {
  Json plan = plan_;
  plan["tensors"][weight_]["scale_method"] = "msee";
  ExpectRefused(plan, {weight_, "'msee'", "'mse'"});
}

TEST_F(BadPlan, ASpecThatDoesNotFitItsTensorIsRefused) {
  Json block = plan_;
  block["tensors"][weight_]["spec"] = "int4:b1000";
  ExpectRefused(block, {weight_, "int4:b1000", "1000"});
  Json axis = plan_;
  axis["tensors"][weight_]["spec"] = "int4:c7";
  ExpectRefused(axis, {weight_, "int4:c7", "7"});
  Json channels = plan_;
  channels["tensors"][activation_]["spec"] = "int4:c0";
  ExpectRefused(channels, {activation_, "int4:c0", "per tensor"});
}

TEST_F(BadPlan, AScaleThatIsNoPositiveNumberIsRefused) {
  for (const Json& scale : {Json(-1.0), Json(0), Json("one")}) {
    Json plan = plan_;
    plan["tensors"][activation_]["scale"] = scale;
    ExpectRefused(plan, {activation_, "scale"});
  }
}

TEST_F(BadPlan, AnEditedActivationWithoutDataIsRefusedWithTheRemedy) {
  Json plan = plan_;
  plan["tensors"][activation_]["spec"] = "int6";
  const std::string path = folder_.Put("plan.json", plan.dump());
  ExpectInput({"quantize", GlyphNetwork(), "--plan", path, "-o", out_},
              {path, activation_, "int6", "--data"});
}

TEST_F(BadPlan, ACompensatedWeightWithoutDataIsRefusedWithTheRemedies) {
  Json plan = plan_;
  plan["tensors"][weight_]["rounding"] = "compensated";
  const std::string path = folder_.Put("plan.json", plan.dump());
  ExpectInput({"quantize", GlyphNetwork(), "--plan", path, "-o", out_},
              {path, weight_, "compensated", "--data", "nearest"});
  plan["tensors"][weight_]["rounding"] = "upwards";
  ExpectRefused(plan, {weight_, "rounding", "upwards", "nearest", "compensated"});
}

class BadFolder : public Refusals {};

TEST_F(BadFolder, AFolderBelowAFileIsRefusedBeforeTheWork) {
  const std::string file = folder_.Put("file", "kept");
  for (const std::string& out : {file + "/out", file}) {
    ExpectInput(WithData({"quantize", GlyphNetwork(), "-o", out}), {out, "-o"});
    ExpectInput(WithData({"tune", GlyphNetwork(), "-o", out}), {out, "-o"});
  }
  EXPECT_EQ(Slurp(file), "kept");
}

TEST_F(BadFolder, AResultThatCannotBeReplacedLeavesNoTemporaryFile) {
  std::filesystem::create_directories(folder_.path("taken/model.onnx/inside"));
  const Outcome outcome =
      RunProgram(WithData({"quantize", GlyphNetwork(), "-o", folder_.path("taken")}));
  ExpectRefusal(outcome, kInput, {"taken/model.onnx", "cannot be written"});
  EXPECT_EQ(folder_.List("taken"), std::set<std::string>{"model.onnx"});
}

TEST_F(BadFolder, ARefusalKeepsEarlierResults) {
  const std::string out = folder_.path("good");
  ASSERT_EQ(RunProgram(WithData({"quantize", GlyphNetwork(), "-o", out})).exit_code, 0);
  const std::string before = Slurp(out + "/model.onnx");
  const std::set<std::string> names = folder_.List("good");
  ExpectUsage(WithData({"quantize", GlyphNetwork(), "-o", out, "--weights", "itn4"}), {"'int4'"});
  EXPECT_EQ(Slurp(out + "/model.onnx"), before);
  EXPECT_EQ(folder_.List("good"), names);
}

}  // namespace
}  // namespace bw::program
