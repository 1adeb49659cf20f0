#include "bitwright/tflite/import.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "bitwright/tflite/test_networks.h"

namespace bw::tflite {
namespace {

bw::Tensor Input(Shape shape) {
  const auto count = static_cast<std::size_t>(ElementCount(shape));
  return bw::Tensor::From<float>(std::move(shape), Sequence(count));
}

Graph Must(const TestFile& file) {
  auto graph = file.Import();
  if (!graph) {
    ADD_FAILURE() << graph.error().message;
    std::abort();
  }
  return *std::move(graph);
}

int CountOf(const Graph& graph, std::string_view op) {
  return static_cast<int>(std::count_if(graph.nodes.begin(), graph.nodes.end(),
                                        [&](const Node& node) { return node.op->name == op; }));
}

TEST(Tflite, AClassifierHasOneTransposeAndTheNamesOfTheFile) {
  const Graph graph = Must(Classifier());
  EXPECT_EQ(CountOf(graph, "Transpose"), 1) << ToText(graph);
  EXPECT_EQ(CountOf(graph, "Reshape"), 1) << ToText(graph);
  EXPECT_EQ(graph.value(graph.inputs[0]).name, "x");
  EXPECT_EQ(graph.value(graph.inputs[0]).type.shape, (Shape{-1, 5, 6, 2}));
  EXPECT_EQ(graph.value(graph.outputs[0]).name, "y");
  EXPECT_EQ(graph.value(graph.outputs[0]).type.shape, (Shape{-1, 5}));
}

// A convolution of the file's layouts, written down.
std::vector<double> ConvByHand(const bw::Tensor& x, const std::vector<float>& w,
                               const std::vector<float>& b, const Shape& filter, int stride,
                               int pad) {
  const Shape& s = x.shape();
  const std::int64_t rows = (s[1] + stride - 1) / stride, columns = (s[2] + stride - 1) / stride;
  std::vector<double> y;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      for (std::int64_t o = 0; o < filter[0]; ++o) {
        double sum = b[static_cast<std::size_t>(o)];
        for (std::int64_t k = 0; k < filter[1] * filter[2] * filter[3]; ++k) {
          const std::int64_t h = r * stride + k / (filter[2] * filter[3]) - pad;
          const std::int64_t v = c * stride + k / filter[3] % filter[2] - pad;
          if (h < 0 || h >= s[1] || v < 0 || v >= s[2]) continue;
          const auto at = static_cast<std::size_t>((h * s[2] + v) * s[3] + k % filter[3]);
          const auto tap = static_cast<std::size_t>(o * filter[1] * filter[2] * filter[3] + k);
          sum += static_cast<double>(x.span<float>()[at]) * static_cast<double>(w[tap]);
        }
        y.push_back(sum);
      }
    }
  }
  return y;
}

TEST(Tflite, AConvolutionIsThatOfItsLayouts) {
  for (const int stride : {1, 2}) {
    TestFile file;
    const int x = file.Real({1, 5, 5, 2});
    const auto weights = Sequence(54);
    const int w = file.Weights({3, 3, 3, 2}, weights), b = file.Weights({3}, {1, -2, 3});
    const std::int32_t out = stride == 1 ? 5 : 3;
    const int y = file.Real({1, out, out, 3});
    file.Op(kConv, {x, w, b}, {y}, 1, ConvOptions(true, stride, 0));
    file.inputs = {x};
    file.outputs = {y};
    const bw::Tensor in = Input({1, 5, 5, 2});
    const auto got = RunGraph(Must(file), {in})[0];
    const auto want = ConvByHand(in, weights, {1, -2, 3}, {3, 3, 3, 2}, stride, 1);
    ASSERT_EQ(got.shape(), (Shape{1, out, out, 3}));
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got.span<float>()[i], want[i], 1e-4);
  }
}

// One operator behind an image: straight from the input, and behind a convolution that changes
// nothing, so that it is made with channels first.
struct Behind {
  const char* name;
  int code, options_type;
  std::vector<Option> options;
  std::vector<std::vector<std::int32_t>> outputs;
  // Adds the other inputs: gives all of them, -2 standing for the image.
  std::vector<int> (*inputs)(TestFile& file) = [](TestFile&) { return std::vector<int>{-2}; };
};

class AnyOperator : public ::testing::TestWithParam<Behind> {};

std::vector<bw::Tensor> Through(const Behind& op, bool spatial) {
  TestFile file;
  const int x = file.Real({1, 3, 4, 2});
  int image = x;
  if (spatial) {
    image = file.Real({1, 3, 4, 2});
    const int identity = file.Weights({2, 1, 1, 2}, {1, 0, 0, 1});
    file.Op(kConv, {x, identity}, {image}, 1, ConvOptions(true, 1, 0));
  }
  std::vector<int> from = op.inputs(file), to;
  std::replace(from.begin(), from.end(), -2, image);
  for (const auto& shape : op.outputs) to.push_back(file.Real(shape));
  file.Op(op.code, from, to, op.options_type, op.options);
  file.inputs = {x};
  file.outputs = to;
  return RunGraph(Must(file), {Input({2, 3, 4, 2})});
}

TEST_P(AnyOperator, GivesTheSameWithChannelsFirstAndLast) {
  const Behind& op = GetParam();
  const auto plain = Through(op, false), spatial = Through(op, true);
  ASSERT_EQ(plain.size(), op.outputs.size());
  ASSERT_EQ(spatial.size(), op.outputs.size());
  for (std::size_t k = 0; k < plain.size(); ++k) {
    ASSERT_EQ(plain[k].shape(), spatial[k].shape());
    for (std::size_t i = 0; i < static_cast<std::size_t>(plain[k].size()); ++i) {
      EXPECT_FLOAT_EQ(plain[k].span<float>()[i], spatial[k].span<float>()[i]) << i;
    }
  }
}

const std::vector<std::int32_t> kImage = {1, 3, 4, 2};
INSTANTIATE_TEST_SUITE_P(
    All, AnyOperator,
    ::testing::
        Values(
            Behind{"Relu", kRelu, 0, {}, {kImage}}, Behind{"Relu6", 21, 0, {}, {kImage}},
            Behind{"Logistic", 14, 0, {}, {kImage}}, Behind{"HardSwish", 117, 91, {}, {kImage}},
            Behind{"LeakyRelu", 98, 75, {{0, 0.25F}}, {kImage}},
            Behind{"Softmax", kSoftmax, 9, {{0, 2.0F}}, {kImage}},
            Behind{"AddsAConstantOfChannels",
                   kAdd,
                   11,
                   {{0, std::int8_t{1}}},
                   {kImage},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Weights({2}, {1, -3})};
                   }},
            Behind{"SubtractsFromAConstantOfColumns",
                   41,
                   28,
                   {{0, kNone}},
                   {kImage},
                   [](TestFile& f) {
                     return std::vector<int>{f.Weights({4, 1}, {1, 2, 3, 4}), -2};
                   }},
            Behind{"MultipliesByAScalar",
                   18,
                   21,
                   {{0, kNone}},
                   {kImage},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Weights({}, {3})};
                   }},
            Behind{"SquaredDifferenceWithItself",
                   99,
                   76,
                   {},
                   {kImage},
                   [](TestFile&) {
                     return std::vector<int>{-2, -2};
                   }},
            Behind{"PRelu",
                   54,
                   0,
                   {},
                   {kImage},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Weights({1, 1, 2}, {0.5F, 2})};
                   }},
            Behind{"ConcatOfChannels",
                   kConcat,
                   10,
                   {{0, -1}, {1, kNone}},
                   {{1, 3, 4, 4}},
                   [](TestFile&) {
                     return std::vector<int>{-2, -2};
                   }},
            Behind{"ConcatOfRows",
                   kConcat,
                   10,
                   {{0, 1}, {1, kNone}},
                   {{1, 6, 4, 2}},
                   [](TestFile&) {
                     return std::vector<int>{-2, -2};
                   }},
            Behind{"Pad",
                   34,
                   22,
                   {},
                   {{1, 4, 7, 3}},
                   [](TestFile& f) {
                     return std::vector<int>{-2,
                                             f.Constant<std::int32_t>(ElementType::kInt32, {4, 2},
                                                                      {0, 0, 1, 0, 1, 2, 0, 1})};
                   }},
            Behind{"MirrorPad",
                   100,
                   77,
                   {{0, kNone}},
                   {{1, 4, 6, 2}},
                   [](TestFile& f) {
                     return std::vector<int>{-2,
                                             f.Constant<std::int32_t>(ElementType::kInt32, {4, 2},
                                                                      {0, 0, 1, 0, 1, 1, 0, 0})};
                   }},
            Behind{"MeanOfImages",
                   40,
                   27,
                   {{0, false}},
                   {{1, 2}},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Ints({1, 2})};
                   }},
            Behind{"MeanOfRowsKept",
                   40,
                   27,
                   {{0, true}},
                   {{1, 1, 4, 2}},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Ints({1})};
                   }},
            Behind{"SumOfChannels",
                   74,
                   27,
                   {{0, false}},
                   {{1, 3, 4}},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Ints({-1})};
                   }},
            Behind{"MaxOfColumnsKept",
                   82,
                   27,
                   {{0, true}},
                   {{1, 3, 1, 2}},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Ints({2})};
                   }},
            Behind{"TransposeOfRowsAndColumns",
                   kTranspose,
                   26,
                   {},
                   {{1, 4, 3, 2}},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Ints({0, 2, 1, 3})};
                   }},
            Behind{"TransposeToChannelsFirst",
                   kTranspose,
                   26,
                   {},
                   {{1, 2, 3, 4}},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Ints({0, 3, 1, 2})};
                   }},
            Behind{"TransposeFromChannelsFirst",
                   kTranspose,
                   26,
                   {},
                   {{1, 4, 2, 3}},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Ints({0, 2, 3, 1})};
                   }},
            Behind{"Reshape", kReshape, 17, {}, {{1, 24}}},
            Behind{"ExpandDims", 70, 52, {}, {{1, 1, 3, 4, 2}}},
            Behind{
                "Slice",
                65,
                48,
                {},
                {{1, 2, 3, 1}},
                [](TestFile& f) {
                  return std::vector<int>{-2, f.Ints({0, 1, 0, 1}), f.Ints({-1, 2, 3, 1})};
                }},
            Behind{"StridedSlice",
                   45,
                   32,
                   {{0, 0}, {1, 1}, {4, 0}},
                   {{1, 2, 2, 2}},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Ints({0, 2, 0, 0}), f.Ints({0, 0, 4, 2}),
                                             f.Ints({1, -1, 2, 1})};
                   }},
            Behind{"StridedSliceThatDropsAnAxis",
                   45,
                   32,
                   {{1, 11}, {4, 4}},
                   {{1, 3, 2}},
                   [](TestFile& f) {
                     return std::vector<int>{-2, f.Ints({0, 0, 1, 0}), f.Ints({0, 0, 2, 0}),
                                             f.Ints({1, 1, 1, 1})};
                   }},
            Behind{"SplitOfColumns",
                   49,
                   35,
                   {{0, 2}},
                   {{1, 3, 2, 2}, {1, 3, 2, 2}},
                   [](TestFile& f) {
                     return std::vector<int>{f.Constant<std::int32_t>(ElementType::kInt32, {}, {2}),
                                             -2};
                   }},
            Behind{"SplitVOfChannels",
                   102,
                   79,
                   {},
                   {{1, 3, 4, 1}, {1, 3, 4, 1}},
                   [](TestFile& f) { return std::vector<int>{-2, f.Ints({1, -1}), f.Ints({3})}; }},
            Behind{"Pack",
                   83,
                   59,
                   {{0, 2}, {1, 1}},
                   {{1, 2, 3, 4, 2}},
                   [](TestFile&) { return std::vector<int>{-2, -2}; }},
            Behind{"Unpack", 88, 64, {{0, 2}, {1, 3}}, {{1, 3, 4}, {1, 3, 4}}},
            Behind{"Gather",
                   36,
                   23,
                   {{0, 2}},
                   {{1, 3, 2, 2}},
                   [](TestFile& f) { return std::vector<int>{-2, f.Ints({3, 0})}; }},
            Behind{"ResizeBilinear",
                   23,
                   15,
                   {{3, true}},
                   {{1, 6, 5, 2}},
                   [](TestFile& f) { return std::vector<int>{-2, f.Ints({6, 5})}; }},
            Behind{"ResizeNearest",
                   97,
                   74,
                   {},
                   {{1, 7, 2, 2}},
                   [](TestFile& f) { return std::vector<int>{-2, f.Ints({7, 2})}; }},
            Behind{"MaxPool",
                   17,
                   5,
                   {{0, kNone}, {1, 2}, {2, 2}, {3, 2}, {4, 3}, {5, kNone}},
                   {{1, 2, 2, 2}}},
            Behind{
                "FullyConnected",
                kFull,
                8,
                {{0, kNone}},
                {{12, 3}},
                [](TestFile&
                       f) { return std::vector<int>{-2, f.Weights({3, 2}, {1, 2, 3, 4, 5, 6})}; }},
            Behind{"BatchMatmul",
                   126,
                   101,
                   {{1, true}},
                   {{1, 3, 4, 4}},
                   [](TestFile&) { return std::vector<int>{-2, -2}; }}),
    [](const auto& entry) { return entry.param.name; });

TEST(Tflite, EachChannelOfADepthwiseConvolutionHasItsFilters) {
  TestFile file;
  const int x = file.Real({1, 1, 1, 2}), y = file.Real({1, 1, 1, 4});
  const int w = file.Weights({1, 1, 1, 4}, {1, 10, 100, 1000});
  file.Op(kDepthwise, {x, w}, {y}, 2, {{0, std::int8_t{1}}, {1, 1}, {2, 1}, {3, 2}, {4, kNone}});
  file.inputs = {x};
  file.outputs = {y};
  const auto got =
      RunGraph(Must(file), {bw::Tensor::From<float>({1, 1, 1, 2}, std::vector<float>{2, 3})})[0];
  EXPECT_EQ(std::vector<float>(got.span<float>().begin(), got.span<float>().end()),
            (std::vector<float>{2, 20, 300, 3000}));
}

TEST(Tflite, ATransposedConvolutionSpreadsItsInput) {
  TestFile file;
  const int x = file.Real({1, 2, 1, 1}), y = file.Real({1, 4, 2, 1});
  const int w = file.Weights({1, 2, 2, 1}, {1, 2, 3, 4});
  file.Op(67, {file.Ints({1, 4, 2, 1}), w, x}, {y}, 49, {{0, std::int8_t{0}}, {1, 2}, {2, 2}});
  file.inputs = {x};
  file.outputs = {y};
  const auto got =
      RunGraph(Must(file), {bw::Tensor::From<float>({1, 2, 1, 1}, std::vector<float>{1, 10})})[0];
  EXPECT_EQ(std::vector<float>(got.span<float>().begin(), got.span<float>().end()),
            (std::vector<float>{1, 2, 3, 4, 10, 20, 30, 40}));
}

TEST(Tflite, HalfPrecisionWeightsAreReadExactly) {
  TestFile file;
  const int x = file.Real({1, 2}), w = file.Real({1, 2}), y = file.Real({1, 1});
  const int halves = file.Constant<std::uint16_t>(ElementType::kFloat16, {1, 2}, {0x3E00, 0x8001});
  file.Op(6, {halves}, {w}, 38);
  file.Op(kFull, {x, w, -1}, {y}, 8, {{0, kNone}});
  file.inputs = {x};
  file.outputs = {y};
  const Graph graph = Must(file);
  const auto at = [&](float a, float b) {
    return RunGraph(graph, {bw::Tensor::From<float>({1, 2}, std::vector<float>{a, b})})[0]
        .span<float>()[0];
  };
  EXPECT_EQ(at(1, 0), 1.5F);
  EXPECT_EQ(at(0, 1), -std::ldexp(1.0F, -24));
}

TEST(Tflite, IntegerNetworksTakeAndGiveRealNumbers) {
  const Graph graph = Must(IntegerLayer());
  EXPECT_EQ(graph.value(graph.inputs[0]).type.dtype, DType::kFloat32);
  const auto y =
      RunGraph(graph, {bw::Tensor::From<float>({1, 2}, std::vector<float>{2.2F, -1})})[0];
  // Codes 7 and 1; sums 4 * 1 - 2 * -2 + 5 = 13 and 4 * 3 + -2 * 4 - 7 = -3. A quarter of them is
  // rounded twice: 6.5 up to 7, 3.5 to 4; -1.5 up to -1, -0.5 away from zero to -1.
  EXPECT_EQ(y.span<float>()[0], 1.0F);
  EXPECT_EQ(y.span<float>()[1], -0.25F);
}

}  // namespace
}  // namespace bw::tflite
