// Data sets, labels and preprocessing that are refused.

#include <cmath>
#include <filesystem>
#include <limits>

#include "tests/errors/refusal.h"

namespace bw::program {
namespace {

std::string Floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

class BadData : public Refusals {
 protected:
  // What eval, quantize and tune say of these data.
  void ExpectAllRefuse(const std::vector<std::string>& data,
                       const std::vector<std::string>& parts) const {
    const std::string net = GlyphNetwork();
    ExpectInput(Join({"eval", net}, data), parts);
    ExpectInput(Join({"quantize", net, "-o", out_}, data), parts);
    ExpectInput(Join({"tune", net, "-o", out_}, data), parts);
  }
  std::vector<std::string> Labelled(const std::string& images, const std::string& labels) const {
    return {"--data", images, "--labels", labels, "--preprocess", GlyphPreprocess()};
  }
  // The set's labels with these bytes.
  std::string Labels(const std::string& bytes) const {
    return folder_.Put("labels.npy",
                       NpyBytes("|u1", "(" + std::to_string(bytes.size()) + ",)", bytes));
  }
};

TEST_F(BadData, AMissingFileIsNamed) {
  ExpectAllRefuse(Labelled(folder_.path("none.npy"), set_.labels), {"none.npy"});
  ExpectAllRefuse(Labelled(set_.images, folder_.path("none.npy")), {"none.npy"});
}

TEST_F(BadData, TruncatedImagesAreRefused) {
  const std::string whole = Slurp(set_.images);
  const std::string cut = folder_.Put("cut.npy", whole.substr(0, whole.size() - 100));
  ExpectAllRefuse(Labelled(cut, set_.labels), {cut});
}

TEST_F(BadData, AnUnknownKindOfFileIsRefusedWithTheKnownKinds) {
  const std::string text = folder_.Put("data.xyz", "hello");
  ExpectAllRefuse({"--data", text}, {text, "npy", "idx", "CIFAR", "JPEG"});
}

TEST_F(BadData, AnEmptySetIsRefused) {
  const std::string none = folder_.Put("none.npy", NpyBytes("|u1", "(0, 1, 28, 28)", ""));
  ExpectAllRefuse({"--data", none}, {none, "0 samples", "at least 1"});
  const std::string zero = folder_.Put("zero.npy", "");
  ExpectAllRefuse({"--data", zero}, {zero});
  std::filesystem::create_directory(folder_.path("pictures"));
  ExpectAllRefuse({"--data", folder_.path("pictures")}, {"pictures"});
}

TEST_F(BadData, SamplesOfTheWrongShapeNameBothShapes) {
  const std::string wide =
      folder_.Put("wide.npy", NpyBytes("|u1", "(2, 1, 28, 30)", std::string(2 * 28 * 30, 'x')));
  const std::vector<std::string> data = {"--data", wide, "--metric", "agreement"};
  ExpectInput(Join({"quantize", GlyphNetwork(), "-o", out_, "--calib", wide}, data),
              {"'image'", "[1,28,28]", "[1,28,30]"});
}

TEST_F(BadData, AnotherNumberOfLabelsThanSamplesIsRefused) {
  ExpectAllRefuse(Labelled(set_.images, Labels(std::string(59, '\1'))), {"labels.npy", "59", "60"});
}

TEST_F(BadData, ALabelBeyondTheOutputsIsRefused) {
  std::string labels;
  for (int i = 0; i < 60; ++i) labels += static_cast<char>(i % 10 + 1);
  ExpectAllRefuse(Labelled(set_.images, Labels(labels)),
                  {"glyphs_x.npy", "labels", "10", "0 to 9"});
}

TEST_F(BadData, ANegativeLabelIsRefused) {
  std::string bytes(60, '\0');
  bytes[5] = static_cast<char>(-1);
  const std::string labels = folder_.Put("labels.npy", NpyBytes("|i1", "(60,)", bytes));
  ExpectAllRefuse(Labelled(set_.images, labels), {"labels.npy", "-1"});
}

TEST_F(BadData, NanAndInfinityInDataNameTheSample) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    std::vector<float> values(40 * 784, 0.5F);
    for (std::size_t i = 0; i < 40; ++i) values[i * 784 + 9] = bad;
    const std::string path =
        folder_.Put("values.npy", NpyBytes("<f4", "(40, 1, 28, 28)", Floats(values)));
    const std::string labels = Labels(std::string(40, '\1'));
    ExpectAllRefuse({"--data", path, "--labels", labels},
                    {path, "sample", std::isnan(bad) ? "NaN" : "infinity", "finite"});
  }
}

TEST_F(BadData, TooFewSamplesToSplitAreRefused) {
  const std::string one =
      folder_.Put("one.npy", NpyBytes("|u1", "(1, 1, 28, 28)", std::string(784, 'x')));
  const std::vector<std::string> data = {"--data", one, "--metric", "agreement"};
  for (const char* command : {"quantize", "tune"}) {
    ExpectInput(Join({command, GlyphNetwork(), "-o", out_}, data), {one, "1 samples", "--calib"});
  }
}

TEST_F(BadData, PreprocessingIsRefusedWithTheNearestName) {
  const auto refuse = [&](const std::string& json, const std::vector<std::string>& parts) {
    const std::string file = folder_.Put("pre.json", json);
    ExpectAllRefuse({"--data", set_.images, "--labels", set_.labels, "--preprocess", file},
                    Join({file}, parts));
  };
  refuse(R"({"scael": 2})", {"'scael'", "'scale'"});
  refuse(R"({"std": [0]})", {"std"});
  refuse(R"({"color": "green"})", {"green", "rgb", "bgr"});
  refuse(R"([1])", {"JSON object"});
  refuse(R"({"scale": )", {"JSON object"});
}

TEST_F(BadData, ACropBeyondTheImageAndASecondMeanAreRefused) {
  ExpectInput(WithData({"eval", GlyphNetwork(), "--center-crop", "64"}), {set_.images, "64", "28"});
  ExpectInput(WithData({"eval", GlyphNetwork(), "--mean", "1,2"}), {set_.images, "mean", "2", "1"});
}

TEST_F(BadData, ImplausibleAccuracyStopsTuningUnlessForced) {
  const std::vector<std::string> wrong =
      WithData({"tune", GlyphNetwork(), "-o", out_, "--std", "1e6", "--formats", "int8",
                "--evaluations", "2"});
  ExpectInput(wrong, {set_.images, "top1", "guessing", "preprocessing", "--force"});
  const Outcome forced = RunProgram(Join(wrong, {"--force", "--max-drop", "100%"}));
  EXPECT_EQ(forced.exit_code, 0) << forced.err;
  EXPECT_TRUE(folder_.List("out").contains("report.md"));
}

// 60 samples: 24 for the search, 24 for the test.
TEST_F(BadData, TooFewSamplesForTheConfidenceAreToldBeforeTheSearch) {
  ExpectInput(WithData({"tune", GlyphNetwork(), "-o", out_, "--confidence", "95%"}),
              {"the search split has 24 samples", "1 points", "at least 301 are needed",
               "--max-drop", "--confidence"});
}

TEST_F(BadData, ACertificateIsNotGivenOnSamplesThatTheSearchSaw) {
  const Folder more;
  const GlyphSet set(more, 3, 400);
  ExpectInput(Join({"tune", GlyphNetwork(), "-o", out_, "--confidence", "95%", "--max-drop", "10%",
                    "--test", set.images, "--test-labels", set.labels},
                   set.Arguments()),
              {"400 of its 400 test samples", "--test"});
}

TEST_F(BadData, AStoreThatIsNoneIsRefused) {
  const std::string path = folder_.Put("notes.txt", std::string(2000, 'n'));
  ExpectInput(WithData({"tune", GlyphNetwork(), "-o", out_, "--store", path}),
              {path, "no store of evaluations", "--store"});
  EXPECT_EQ(Slurp(path), std::string(2000, 'n'));
  ExpectInput(WithData({"tune", GlyphNetwork(), "-o", out_, "--resume"}),
              {out_ + "/trials.sqlite", "nothing to resume"});
  ExpectInput(
      WithData({"tune", GlyphNetwork(), "-o", out_, "--store", folder_.path("none/trials.sqlite")}),
      {folder_.path("none/trials.sqlite"), "cannot be used"});
}

}  // namespace
}  // namespace bw::program
