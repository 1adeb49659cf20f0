// Models that are refused: each message says where, what and what is allowed, and nothing is
// written.

#include <onnx/onnx_pb.h>

#include <limits>

#include "bitwright/base/rng.h"
#include "bitwright/onnx/model_test.h"
#include "tests/errors/refusal.h"

namespace bw::program {
namespace {

class BadModel : public Refusals {
 protected:
  // What every command that reads a model says of these bytes.
  void ExpectAllRefuse(const std::string& bytes, const std::vector<std::string>& parts) const {
    const std::string path = folder_.Put("bad.onnx", bytes);
    const std::vector<std::string> all = Join({path}, parts);
    ExpectInput({"info", path}, all);
    ExpectInput(WithData({"eval", path}), all);
    ExpectInput(WithData({"quantize", path, "-o", out_}), all);
    ExpectInput(WithData({"tune", path, "-o", out_}), all);
  }
};

TEST_F(BadModel, ATruncatedFileIsNoModel) {
  const std::string whole = Slurp(GlyphNetwork());
  ASSERT_GT(whole.size(), 100000U);
  ExpectAllRefuse(whole.substr(0, whole.size() / 2), {"not an ONNX model", "truncated"});
}

TEST_F(BadModel, NoPrefixOfAModelIsAcceptedOrCrashes) {
  const std::string whole = Slurp(GlyphNetwork());
  for (std::size_t size = 0; size < whole.size(); size = size * 2 + 1) {
    const std::string path = folder_.Put("cut.onnx", whole.substr(0, size));
    ExpectInput({"info", path}, {path, "not an ONNX model"});
  }
}

TEST_F(BadModel, RandomBytesAreNoModel) {
  Rng rng(1);
  for (int trial = 0; trial < 10; ++trial) {
    std::string bytes(1 + rng.Below(5000), '\0');
    for (char& byte : bytes) byte = static_cast<char>(rng.Bits());
    const std::string path = folder_.Put("random.onnx", bytes);
    ExpectInput({"info", path}, {path, "not an ONNX model"});
  }
}

TEST_F(BadModel, AnEmptyFileAFolderAndNothingAreNoModels) {
  ExpectAllRefuse("", {"not an ONNX model", "empty"});
  ExpectInput({"info", folder_.path("")}, {folder_.path(""), "is a folder, a file is needed"});
  ExpectInput({"info", folder_.path("none.onnx")}, {"none.onnx", "No such file"});
}

TEST_F(BadModel, AllUnsupportedOperatorsAreNamedAtOnce) {
  TestModel model(13);
  model.Input("x", {-1, 3}).Output("y");
  model.Node("Erf", {"x"}, {"a"}, "first");
  model.Node("Frobnicate", {"a"}, {"b"}, "second");
  model.Node("Relu", {"b"}, {"c"}, "third");
  model.Node("Bernoulli", {"c"}, {"y"}, "fourth");
  ExpectAllRefuse(model.Bytes(), {"Frobnicate", "Bernoulli"});
}

TEST_F(BadModel, AWeightOfTheWrongShapeNamesItsNode) {
  TestModel model(13);
  model.Input("x", {-1, 3}).Output("y").Floats("w", {4, 2}, std::vector<float>(8, 1));
  model.Node("MatMul", {"x", "w"}, {"y"}, "product");
  ExpectAllRefuse(model.Bytes(), {"product", "MatMul", "3", "4"});
}

TEST_F(BadModel, AnInitializerWithTooFewElementsIsNamed) {
  TestModel model(13);
  model.Input("x", {-1, 3}).Output("y").Floats("w", {3, 2}, {1, 2, 3});
  model.Node("MatMul", {"x", "w"}, {"y"}, "product");
  ExpectAllRefuse(model.Bytes(), {"'w'", "12 bytes", "[3,2]", "24"});
}

TEST_F(BadModel, NanAndInfinityInWeightsAreNamed) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    TestModel model(13);
    model.Input("x", {-1, 3}).Output("y").Floats("w", {3, 2}, {1, 2, bad, 4, 5, 6});
    model.Node("MatMul", {"x", "w"}, {"y"}, "product");
    ExpectAllRefuse(model.Bytes(),
                    {"'w'", std::isnan(bad) ? "NaN" : "infinity", "numbers are needed"});
  }
}

TEST_F(BadModel, AnOpsetOutOfRangeIsRefused) {
  ExpectAllRefuse(SmallModel(6).Bytes(), {"opset", "6", "MatMul", "7"});
  ExpectAllRefuse(SmallModel(99).Bytes(), {"opset", "99", "21"});
}

TEST_F(BadModel, AnInputThatNoNodeMakesIsNamed) {
  TestModel model(13);
  model.Input("x", {-1, 3}).Output("y").Node("Relu", {"nowhere"}, {"y"}, "relu");
  ExpectAllRefuse(model.Bytes(), {"relu", "nowhere"});
}

TEST_F(BadModel, ACycleNamesANodeOnIt) {
  TestModel model(13);
  model.Input("x", {-1, 3}).Output("y");
  model.Node("Add", {"x", "b"}, {"a"}, "first").Node("Relu", {"a"}, {"b"}, "second");
  model.Node("Abs", {"b"}, {"y"}, "last");
  ExpectAllRefuse(model.Bytes(), {"node '", "its own output", "no cycles are allowed"});
}

TEST_F(BadModel, AValueOfTwoNodesNamesTheSecond) {
  TestModel model(13);
  model.Input("x", {-1, 3}).Output("y");
  model.Node("Abs", {"x"}, {"y"}, "first").Node("Relu", {"x"}, {"y"}, "second");
  ExpectAllRefuse(model.Bytes(), {"node 'second' (Relu)", "'y'", "twice"});
}

TEST_F(BadModel, AWeightThatIsMissingNamesItsNode) {
  TestModel model = SmallModel();
  model.proto.mutable_graph()->mutable_initializer()->DeleteSubrange(0, 1);
  ExpectAllRefuse(model.Bytes(), {"node 'product' (MatMul)", "'w'"});
}

TEST_F(BadModel, ImpossibleExtentsOfAnInputAreRefusedByName) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 40;
  TestModel model(13);
  model.Input("x", {4, kHuge, kHuge}).Output("y").Node("Relu", {"x"}, {"y"}, "relu");
  ExpectAllRefuse(model.Bytes(), {"input 'x'", "1099511627776"});
}

TEST_F(BadModel, ImpossibleExtentsOfAWeightAreRefusedByName) {
  for (const std::int64_t extent : {std::int64_t{-3}, std::int64_t{1} << 62}) {
    TestModel model(13);
    model.Input("x", {-1, 3}).Output("y").Weight("w", {extent, 4}, onnx::TensorProto::FLOAT);
    model.Node("MatMul", {"x", "w"}, {"y"}, "product");
    ExpectAllRefuse(model.Bytes(), {"'w'", std::to_string(extent)});
  }
}

// Extents that a node computes: a Reshape to 2^62 rows, a product of extents that wraps around.
TEST_F(BadModel, ShapeArithmeticThatOverflowsNamesItsNode) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  TestModel reshape(13);
  reshape.Input("x", {-1, 3}).Output("y").Ints("shape", {kHuge, 8});
  reshape.Node("Reshape", {"x", "shape"}, {"y"}, "reshape");
  ExpectAllRefuse(reshape.Bytes(), {"node 'reshape' (Reshape)"});
  TestModel expand(13);
  expand.Input("x", {-1, 1}).Output("y").Ints("factor", {kHuge}).Ints("one", {1});
  expand.Node("Mul", {"factor", "factor"}, {"square"}, "square");
  expand.Node("Sub", {"square", "one"}, {"extent"}, "extent");
  expand.Node("Expand", {"x", "extent"}, {"y"}, "expand");
  ExpectAllRefuse(expand.Bytes(), {"node 'expand' (Expand)", "-1"});
}

TEST_F(BadModel, AConvolutionWithHugePadsNamesItsNode) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  TestModel model(13);
  model.Input("x", {-1, 1, 28, 28}).Output("y").Floats("w", {1, 1, 1, 1}, {1});
  model.Node("Conv", {"x", "w"}, {"y"}, "conv").IntList("pads", {kHuge, 0, kHuge, 0});
  ExpectAllRefuse(model.Bytes(), {"node 'conv' (Conv)", "4611686018427387904"});
}

// The activations are planned and compared with the bound before they are allocated.
TEST_F(BadModel, ActivationsBeyondTheMemoryAreRefusedBeforeTheyAreAllocated) {
  constexpr std::int64_t kLarge = std::int64_t{1} << 33;
  TestModel model(13);
  model.Input("x", {-1, 1, 28, 28}).Output("y");
  model.Node("ReduceMax", {"x"}, {"m"}, "max").IntList("axes", {3});
  model.Ints("wide", {1, 1, 1, kLarge / 64});
  model.Node("Expand", {"m", "wide"}, {"e"}, "expand");
  model.Node("ReduceMax", {"e"}, {"r"}, "again").IntList("axes", {2, 3}).Int("keepdims", 0);
  model.Node("Identity", {"r"}, {"y"}, "end");
  const std::string path = folder_.Put("large.onnx", model.Bytes());
  ExpectInput(WithData({"eval", path}), {path, "activations need", "--memory"});
}

TEST_F(BadModel, ADamagedFlatbufferIsRefused) {
  for (const std::string root : {"\xff\xff\xff\x7f", "\x08\x01\x01\x01", "\x04\x04\x04\xf0"}) {
    const std::string path = folder_.Put("bad.tflite", root + "TFL3" + std::string(100, '\x7f'));
    ExpectInput({"info", path}, {path, "damaged"});
    ExpectInput(WithData({"quantize", path, "-o", out_}), {path, "damaged"});
  }
}

TEST_F(BadModel, ANetworkOfTwoInputsIsRefusedWithItsCount) {
  TestModel model(13);
  model.Input("x", {-1, 3}).Input("z", {-1, 3}).Output("y").Node("Add", {"x", "z"}, {"y"}, "sum");
  const std::string path = folder_.Put("two.onnx", model.Bytes());
  ExpectInput(WithData({"eval", path}), {path, "2 inputs"});
  ExpectInput(WithData({"quantize", path, "-o", out_}), {path, "2 inputs"});
  ExpectInput(WithData({"tune", path, "-o", out_}), {path, "2 inputs"});
}

TEST_F(BadModel, AnOutputThatOverflowsIsRefused) {
  TestModel model(13);
  model.Input("x", {-1, 1, 28, 28}).Output("y").Floats("k", {1}, {3e38F});
  model.Node("Flatten", {"x"}, {"f"}, "flatten").Node("Exp", {"f"}, {"e"}, "exp");
  model.Node("Mul", {"e", "k"}, {"y"}, "huge");
  const std::string path = folder_.Put("huge.onnx", model.Bytes());
  const std::vector<std::string> parts = {path, "NaN or infinite", "samples", "finite"};
  ExpectInput(WithData({"eval", path}), parts);
}

}  // namespace
}  // namespace bw::program
