#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "bitwright/base/file.h"
#include "bitwright/tflite/import.h"
#include "bitwright/tflite/test_networks.h"

namespace bw::tflite {
namespace {

TEST(Tflite, RefusalsNameTheOperatorAndTheTensor) {
  TestFile file = Classifier();
  file.Op(37, {0, 0, 0}, {file.Real({1})}, 24);
  file.Op(119, {0}, {file.Real({1})}, 0);
  EXPECT_EQ(file.Refusal(),
            "net.tflite: uses 2 unsupported operators: BATCH_TO_SPACE_ND, WHILE; docs/tflite.md "
            "lists the supported ones");

  file = Classifier();
  file.version = 2;
  EXPECT_EQ(file.Refusal(), "net.tflite: its schema version is 2, allowed is 3");

  file = Classifier();
  file.tensor(5).shape = {1, 4, 3, 3};
  EXPECT_EQ(file.Refusal().substr(0, 33), "net.tflite: operator 0 (CONV_2D):") << file.Refusal();

  file = Classifier();
  file.tensor(1).data.pop_back();
  EXPECT_EQ(file.Refusal(),
            "net.tflite: tensor 1 't1': has 215 bytes of data, float32 of [3,3,3,2] needs 216");

  file = Classifier();
  file.Op(kRelu, {0}, {99});
  EXPECT_EQ(file.Refusal().substr(0, 32), "net.tflite: operator 6 (RELU): o") << file.Refusal();

  file = Classifier();
  file.tensor(5).shape = {1, 1 << 30, 1 << 30, 1 << 30};
  EXPECT_NE(file.Refusal().find("too many elements"), std::string::npos) << file.Refusal();

  file = Classifier();
  file.tensor(5).shape = {1, -3, 3, 3};
  EXPECT_NE(file.Refusal().find("must not be negative"), std::string::npos) << file.Refusal();
}

TEST(Tflite, AnImageOperatorMustGiveAnImage) {
  TestFile file = Classifier();
  file.tensor(5).shape = {3, 9};
  EXPECT_EQ(file.Refusal(),
            "net.tflite: operator 0 (CONV_2D): its output 't5' is [3,9], it must have 4 axes");
}

TEST(Tflite, OperatorsOutOfOrderAreRefused) {
  TestFile file;
  const int x = file.Real({1, 2}), a = file.Real({1, 2}), y = file.Real({1, 2});
  file.Op(kRelu, {a}, {y});
  file.Op(kRelu, {x}, {a});
  file.inputs = {x};
  file.outputs = {y};
  EXPECT_EQ(file.Refusal(),
            "net.tflite: operator 0 (RELU): reads 't1' before anything has computed it, operators "
            "must be in execution order");
}

TEST(Tflite, MixedArithmeticIsRefused) {
  TestFile file = IntegerLayer();
  file.tensor(0) = {"x", ElementType::kFloat32, {1, 2}};
  EXPECT_EQ(file.Refusal(),
            "net.tflite: operator 0 (FULLY_CONNECTED): its input is float32 and its weights are "
            "int8, allowed: both float32 or both int8");
}

TEST(Tflite, EveryPrefixIsRefused) {
  const std::string bytes = Classifier().Bytes();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto graph = ImportTfliteBytes(std::string_view(bytes).substr(0, length), "net.tflite");
    if (!graph) {
      EXPECT_EQ(graph.error().message.substr(0, 12), "net.tflite: ");
    }
  }
  EXPECT_FALSE(ImportTfliteBytes(std::string_view(bytes).substr(0, bytes.size() / 2), "n"));
}

// Whatever comes back, nothing may crash, and an error must carry the label.
void Damage(const std::string& bytes, int rounds, unsigned seed) {
  std::mt19937 random(seed);
  for (int round = 0; round < rounds; ++round) {
    std::string damaged = bytes;
    for (unsigned k = 0; k <= random() % 4; ++k) {
      char& byte = damaged[random() % damaged.size()];
      byte = random() % 2 == 0 ? static_cast<char>(random())
                               : static_cast<char>(static_cast<int>(byte) ^ 1 << random() % 8);
    }
    const auto graph = ImportTfliteBytes(damaged, "net.tflite");
    if (!graph) {
      ASSERT_EQ(graph.error().message.substr(0, 12), "net.tflite: ");
    }
  }
}

TEST(Tflite, SurvivesDamagedBytes) {
  Damage(Classifier().Bytes(), 3000, 1);
  Damage(IntegerLayer().Bytes(), 3000, 2);
}

TEST(Tflite, SurvivesDamagedPublishedFiles) {
  const char* root = std::getenv("BITWRIGHT_DATA");
  const std::string path =
      root == nullptr ? "" : std::string(root) + "/tflite/kws_ref_model.tflite";
  if (!std::filesystem::exists(path))  // the published files are no part of the project
    GTEST_SKIP() << "BITWRIGHT_DATA names no folder with " << path;
  Damage(ReadFile(path).value(), 100, 3);
}

}  // namespace
}  // namespace bw::tflite
