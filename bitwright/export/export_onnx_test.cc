#include "bitwright/export/export_onnx.h"

#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <bit>
#include <cmath>
#include <numeric>

#include "bitwright/export/code_values.h"
#include "bitwright/export/rounding.h"
#include "bitwright/graph/op.h"

namespace bw {
namespace {

QuantSpec Spec(const std::string& text) { return QuantSpec::Parse(text).value(); }

const OpDef* Op(std::string_view name, std::string_view domain = "") {
  const OpDef* op = FindOp(name, domain);
  BW_CHECK(op != nullptr);
  return op;
}

QTensor Ramp(const Shape& shape, const QuantSpec& spec) {
  std::vector<float> values(static_cast<std::size_t>(ElementCount(shape)));
  std::iota(values.begin(), values.end(), -3.0F);
  const auto groups = static_cast<std::size_t>(MakeGrouping(spec.grain, shape)->groups());
  QuantParams params{std::vector<float>(groups, 0.5F), {}};
  if (!spec.symmetric) params.zeros.assign(groups, 1);
  return Quantize(Tensor::From(shape, values), spec, params).value();
}

// x [N, 4] -> MatMul with a quantized weight -> FakeQuantize -> y.
Graph SmallGraph(const std::string& weight, const std::string& activation,
                 const Shape& shape = {4, 64}) {
  Graph graph;
  const ValueId x = graph.AddValue("x", {DType::kFloat32, {-1, shape[0]}});
  QTensor codes = Ramp(shape, Spec(weight));
  const ValueId w = graph.AddConstant("w", Dequantize(codes));
  graph.value(w).quantized = std::move(codes);
  const ValueId product = graph.AddValue("product", {DType::kFloat32, {-1, shape[1]}});
  const ValueId y = graph.AddValue("y", {DType::kFloat32, {-1, shape[1]}});
  graph.nodes.push_back({"mul", Op("MatMul"), {x, w}, {product}, {}});
  Attributes attributes;
  attributes.Set("spec", Spec(activation).ToString());
  attributes.Set("scale", 0.25F);
  graph.nodes.push_back({"round", Op("FakeQuantize", "bitwright"), {product}, {y}, attributes});
  graph.inputs = {x};
  graph.outputs = {y};
  return graph;
}

onnx::ModelProto Export(const Graph& graph) {
  onnx::ModelProto model;
  BW_CHECK(model.ParseFromString(ExportOnnx(graph).value()));
  return model;
}

const onnx::TensorProto* FindInitializer(const onnx::ModelProto& model, const std::string& name) {
  for (const auto& tensor : model.graph().initializer()) {
    if (tensor.name() == name) return &tensor;
  }
  return nullptr;
}

std::vector<std::string> FunctionNames(const onnx::ModelProto& model) {
  std::vector<std::string> names;
  for (const auto& function : model.functions()) names.push_back(function.name());
  return names;
}

// The code of element i by the arithmetic of the decoding functions: rows of `bits` bytes, three
// bytes of a row.
Code ByRecipe(std::span<const std::uint8_t> bytes, int bits, std::size_t i) {
  const auto width = static_cast<std::size_t>(bits);
  const std::size_t row = i / 8 * width, start = i % 8 * width, last = width - 1;
  const auto byte = [&](std::size_t index) {
    const std::size_t at = row + std::min(index, last);
    return at < bytes.size() ? Code{bytes[at]} : Code{0};
  };
  const std::size_t first = start / 8;
  const Code word = byte(first) + 256 * byte(first + 1) + 65536 * byte(first + 2);
  return word / (Code{1} << start % 8) % (Code{1} << bits);
}

TEST(ExportOnnx, TheUnpackingArithmeticGivesTheCodesThatWerePacked) {
  for (int bits = 1; bits <= 16; ++bits) {
    std::vector<Code> codes;
    for (Code i = 0; i < 83; ++i) codes.push_back((i * 40503U + i / 3) % (Code{1} << bits));
    const std::vector<std::uint8_t> bytes = Pack(codes, bits);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      EXPECT_EQ(ByRecipe(bytes, bits, i), codes[i]) << bits << " bits, element " << i;
    }
  }
}

TEST(ExportOnnx, ThreeBitCodesTakeThreeBitsAnElement) {
  const auto model = Export(SmallGraph("int3:c1", "int4"));
  const onnx::TensorProto* codes = FindInitializer(model, "codes");
  ASSERT_NE(codes, nullptr);
  EXPECT_EQ(codes->raw_data().size(), 4U * 64 * 3 / 8);
  EXPECT_EQ(FindInitializer(model, "w"), nullptr);
  EXPECT_EQ(FindInitializer(model, "int3.codebook")->raw_data().size(),
            8 * 2U);  // half precision holds it
}

TEST(ExportOnnx, ScalesAreStoredInTheirOwnFormat) {
  const auto bytes = [](const std::string& spec) {
    return FindInitializer(Export(SmallGraph(spec, "int4")), "scale")->raw_data().size();
  };
  EXPECT_EQ(bytes("int4:b32"), 8U * 4);
  EXPECT_EQ(bytes("int4:b32:fp16"), 8U * 2);
  EXPECT_EQ(bytes("int4:b32:e8m0"), 8U);
}

TEST(ExportOnnx, ZeroPointsArePackedLikeCodes) {
  const auto model = Export(SmallGraph("uint4:c1:asym", "int4"));
  EXPECT_EQ(FindInitializer(model, "zeros")->raw_data().size(), 32U);
}

TEST(ExportOnnx, FunctionsAreSharedByTensorsOfEqualKind) {
  EXPECT_EQ(FunctionNames(Export(SmallGraph("int3", "e2m1"))),
            (std::vector<std::string>{"DecodePacked", "RoundEdges", "RoundSearch4", "SearchEnd",
                                      "SearchStep"}));
  EXPECT_EQ(FunctionNames(Export(SmallGraph("int8", "int8"))),
            (std::vector<std::string>{"DecodeBytes", "RoundInt8"}));
  EXPECT_EQ(FunctionNames(Export(SmallGraph("int12:c1:e8m0", "uint4"))),
            (std::vector<std::string>{"DecodePackedWideLinearCodedScales", "RoundInt8Clipped"}));
  EXPECT_EQ(FunctionNames(Export(SmallGraph("bf16", "int16"))),
            (std::vector<std::string>{"DecodePackedWideLinear", "RoundRuns0Signed"}));
}

TEST(ExportOnnx, EveryFamilyPassesTheCheckerWithADynamicBatch) {
  for (const FormatFamily* family : families::All()) {
    for (const std::string_view name : family->examples) {
      if (name == "fp32" || family->name == "scale") continue;
      const auto model = Export(SmallGraph(std::string(name) + ":c1", std::string(name)));
      EXPECT_NO_THROW(onnx::checker::check_model(model)) << name;
      EXPECT_EQ(model.ir_version(), 8);
      EXPECT_EQ(model.opset_import(0).version(), 17);
      const auto& dims = model.graph().input(0).type().tensor_type().shape();
      EXPECT_EQ(dims.dim(0).dim_param(), "N");
      EXPECT_EQ(dims.dim(1).dim_value(), 4);
    }
  }
}

TEST(ExportOnnx, EqualGraphsGiveEqualBytes) {
  const Graph graph = SmallGraph("dybit4:b32:fp16", "esb5_2");
  EXPECT_EQ(ExportOnnx(graph).value(), ExportOnnx(Graph(graph)).value());
}

TEST(ExportOnnx, RefusesAnActivationWithMoreThanOneScale) {
  const auto result = ExportOnnx(SmallGraph("int4", "int4:c1"));
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().message.find("node 'round' (FakeQuantize): spec is 'int4:c1'"),
            std::string::npos)
      << result.error().message;
}

TEST(CodeValues, LinearPiecesReproduceEveryFiniteValue) {
  for (const char* name : {"int12", "uint16", "fixed16", "fp16", "bf16"}) {
    const Format format = Format::Parse(name).value();
    const auto pieces = FindLinearPieces(format);
    ASSERT_TRUE(pieces.has_value()) << name;
    EXPECT_LE(pieces->base.size(), 512U) << name;
    const auto span = static_cast<Code>(pieces->span);
    for (Code code = 0; code < Code{1} << format.bits(); ++code) {
      const double expected = format.Decode(code);
      if (!std::isfinite(expected)) continue;
      const float got =
          pieces->base[code / span] + pieces->step[code / span] * static_cast<float>(code % span);
      ASSERT_EQ(static_cast<double>(got), expected) << name << " code " << code;
    }
  }
}

TEST(Rounding, IntegersOfAByteAreByteGridsAndOthersAreNot) {
  const auto grid = [](const char* name, std::int32_t zero = 0) {
    return FindByteGrid(Format::Parse(name).value(), zero);
  };
  EXPECT_EQ(grid("int4")->low, -8);
  EXPECT_EQ(grid("uint8")->high, 255);
  EXPECT_FALSE(grid("uint8")->is_signed);
  EXPECT_EQ(grid("fixed8")->high, 127);
  EXPECT_FALSE(grid("e2m1").has_value());
  EXPECT_FALSE(grid("int12").has_value());
}

TEST(Rounding, StepRunsRoundLikeTheFormat) {
  for (const char* name : {"fp16", "bf16", "int12", "uint16", "fixed12"}) {
    const Format format = Format::Parse(name).value();
    const auto runs = FindStepRuns(format);
    ASSERT_TRUE(runs.has_value()) << name;
    for (std::size_t i = 0; i < format.thresholds().size(); i += 7) {
      for (const double x : {format.thresholds()[i], std::nextafter(format.thresholds()[i], 1e300),
                             std::nextafter(format.thresholds()[i], -1e300)}) {
        const auto above = std::upper_bound(runs->bounds.begin(), runs->bounds.end(), std::fabs(x));
        const double step = runs->steps[static_cast<std::size_t>(above - runs->bounds.begin())];
        const double value = std::nearbyint(std::clamp(x, runs->low, runs->high) / step) * step;
        ASSERT_EQ(value, format.Round(x)) << name << " at " << x;
      }
    }
  }
}

}  // namespace
}  // namespace bw
