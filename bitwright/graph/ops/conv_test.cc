#include <algorithm>

#include "bitwright/graph/ops/run_op.h"

namespace bw {
namespace {

std::size_t At(std::int64_t i) { return static_cast<std::size_t>(i); }

// A 2-D convolution to be computed two ways.
struct Case {
  std::int64_t channels, height, width, filters, group;
  Ints kernel, strides, dilations, pads;
};

// The input with its zero padding written out.
std::vector<double> Padded(const Tensor& x, const Ints& pads, std::int64_t& h, std::int64_t& w) {
  const Shape& s = x.shape();
  h = s[2] + pads[0] + pads[2];
  w = s[3] + pads[1] + pads[3];
  std::vector<double> out(At(s[0] * s[1] * h * w), 0);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::int64_t plane = i / (s[2] * s[3]), row = i / s[3] % s[2], column = i % s[3];
    out[At((plane * h + row + pads[0]) * w + column + pads[1])] = double{x.span<float>()[At(i)]};
  }
  return out;
}

// im2col: a matrix of patches, then filters times patches.
std::vector<float> ByPatches(const Case& c, const Tensor& x, const Tensor& weights,
                             const Tensor& bias) {
  std::int64_t h = 0, w = 0;
  const std::vector<double> image = Padded(x, c.pads, h, w);
  const std::int64_t reach_h = (c.kernel[0] - 1) * c.dilations[0], rows = c.channels / c.group;
  const std::int64_t reach_w = (c.kernel[1] - 1) * c.dilations[1], taps = c.kernel[0] * c.kernel[1];
  std::vector<float> out;
  for (std::int64_t n = 0; n < x.shape()[0]; ++n) {
    for (std::int64_t m = 0; m < c.filters; ++m) {
      const std::int64_t first = n * c.channels + m / (c.filters / c.group) * rows;
      for (std::int64_t top = 0; top + reach_h < h; top += c.strides[0]) {
        for (std::int64_t left = 0; left + reach_w < w; left += c.strides[1]) {
          double sum = double{bias.span<float>()[At(m)]};
          for (std::int64_t k = 0; k < rows * taps; ++k) {
            const std::int64_t row = top + k % taps / c.kernel[1] * c.dilations[0];
            const std::int64_t column = left + k % c.kernel[1] * c.dilations[1];
            sum += image[At(((first + k / taps) * h + row) * w + column)] *
                   double{weights.span<float>()[At(m * rows * taps + k)]};
          }
          out.push_back(static_cast<float>(sum));
        }
      }
    }
  }
  return out;
}

TEST(Conv, EqualsFiltersTimesPatches) {
  const Case cases[] = {
      {3, 6, 7, 4, 1, {3, 3}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
      {3, 6, 7, 4, 1, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
      {4, 6, 7, 4, 4, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},  // depthwise
      {4, 6, 7, 8, 4, {3, 3}, {1, 2}, {1, 1}, {1, 0, 0, 1}},  // depthwise, two filters each
      {4, 9, 9, 6, 2, {3, 2}, {1, 1}, {2, 3}, {2, 1, 0, 3}},  // dilated, unequal padding
      {8, 1, 1, 5, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
  };
  unsigned seed = 1;
  for (const Case& c : cases) {
    const Tensor x = Small({2, c.channels, c.height, c.width}, ++seed);
    const Tensor w = Small({c.filters, c.channels / c.group, c.kernel[0], c.kernel[1]}, ++seed);
    const Tensor b = Small({c.filters}, ++seed);
    const Tensor y = RunOp({"Conv",
                            {x, w, b},
                            {{"group", c.group},
                             {"strides", c.strides},
                             {"dilations", c.dilations},
                             {"pads", c.pads},
                             {"kernel_shape", c.kernel}}});
    EXPECT_EQ(Elements<float>(y), ByPatches(c, x, w, b)) << "case " << seed / 3;
  }
}

TEST(Conv, OneAxisByHand) {
  const Tensor y = RunOp({"Conv", {F({1, 1, 4}, {1, 2, 3, 4}), F({1, 1, 2}, {1, -2})}});
  ExpectTensor(y, {1, 1, 3}, {-3, -4, -5});
}

TEST(Conv, ThreeAxesSumTheCube) {
  const Tensor ones = F({1, 1, 2, 2, 2}, std::vector<float>(8, 1));
  ExpectTensor(RunOp({"Conv", {Count({1, 1, 2, 2, 3}), ones}}), {1, 1, 1, 1, 2}, {40, 48});
}

TEST(Conv, SamePaddingPutsTheOddElementWhereTheModeSays) {
  const Tensor x = F({1, 1, 4}, {1, 2, 3, 4}), w = F({1, 1, 2}, {1, 10});
  const auto run = [&](const char* mode) {
    return Elements<float>(RunOp({"Conv", {x, w}, {{"auto_pad", std::string(mode)}}}));
  };
  EXPECT_EQ(run("SAME_UPPER"), (std::vector<float>{21, 32, 43, 4}));
  EXPECT_EQ(run("SAME_LOWER"), (std::vector<float>{10, 21, 32, 43}));
  EXPECT_EQ(run("VALID"), (std::vector<float>{21, 32, 43}));
}

TEST(Conv, SamePaddingWithStrideGivesTheCeilingOfTheQuotient) {
  const Tensor w = F({1, 1, 3}, {1, 1, 1});
  const Items same = {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Ints{2}}};
  ExpectTensor(RunOp({"Conv", {F({1, 1, 5}, {1, 2, 3, 4, 5}), w}, same}), {1, 1, 3}, {3, 9, 9});
  ExpectTensor(RunOp({"Conv", {F({1, 1, 4}, {1, 2, 3, 4}), w}, same}), {1, 1, 2}, {6, 7});
}

TEST(Conv, LongSumsAreRoundedOnce) {
  // 2^24 + 1 + 1: in float the ones would be lost one by one.
  const Tensor x = F({1, 3, 1}, {16777216, 1, 1}), w = F({1, 3, 1}, {1, 1, 1});
  ExpectTensor(RunOp({"Conv", {x, w}}), {1, 1, 1}, {16777218});
}

TEST(Conv, CountsMultiplications) {
  const OpDef* conv = FindOp("Conv");
  const std::vector<TensorType> inputs = {{DType::kFloat32, {2, 4, 8, 8}},
                                          {DType::kFloat32, {6, 2, 3, 3}}};
  const std::vector<TensorType> outputs = {{DType::kFloat32, {2, 6, 6, 6}}};
  EXPECT_EQ(conv->macs({}, inputs, outputs), 2 * 6 * 6 * 6 * 18);
}

// y += x * w scattered to where each tap lands, then cut by the padding.
std::vector<float> ByScattering(const Tensor& x, const Tensor& w, std::int64_t group,
                                std::int64_t stride, std::int64_t dilation, std::int64_t pad,
                                std::int64_t out) {
  const std::int64_t channels = x.shape()[1], in = x.shape()[2], per_group = w.shape()[1];
  const std::int64_t kernel = w.shape()[2], filters = per_group * group;
  std::vector<float> y(At(filters * out), 0);
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t i = 0; i < in; ++i) {
      for (std::int64_t f = 0; f < per_group; ++f) {
        for (std::int64_t k = 0; k < kernel; ++k) {
          const std::int64_t o = i * stride + k * dilation - pad;
          if (o < 0 || o >= out) continue;
          const std::int64_t filter = c / (channels / group) * per_group + f;
          y[At(filter * out + o)] += x.span<float>()[At(c * in + i)] *
                                     w.span<float>()[At((c * per_group + f) * kernel + k)];
        }
      }
    }
  }
  return y;
}

TEST(ConvTranspose, EqualsScatteredTaps) {
  const Tensor x = Small({1, 4, 5}, 3), w = Small({4, 3, 3}, 4);
  for (const std::int64_t group : {1, 2, 4}) {
    const Tensor y = RunOp({"ConvTranspose",
                            {x, w},
                            {{"group", group},
                             {"strides", Ints{2}},
                             {"dilations", Ints{2}},
                             {"pads", Ints{1, 2}},
                             {"output_padding", Ints{1}}}});
    EXPECT_EQ(y.shape(), (Shape{1, 3 * group, 11}));  // 2*4 + 1 + 5 - 3
    EXPECT_EQ(Elements<float>(y), ByScattering(x, w, group, 2, 2, 1, 11));
  }
}

TEST(ConvTranspose, TwoAxesByHand) {
  const Tensor x = F({1, 1, 2, 2}, {1, 2, 3, 4}), w = F({1, 1, 2, 2}, {1, 10, 100, 1000});
  const Tensor y = RunOp({"ConvTranspose", {x, w, F({0.5F})}, {{"strides", Ints{2, 1}}}});
  ExpectTensor(y, {1, 1, 4, 3},
               {1.5F, 12.5F, 20.5F, 100.5F, 1200.5F, 2000.5F,  //
                3.5F, 34.5F, 40.5F, 300.5F, 3400.5F, 4000.5F});
}

TEST(ConvTranspose, OutputShapeAndSamePaddingCutTheFullResult) {
  const Tensor x = F({1, 1, 3}, {1, 2, 3}), w = F({1, 1, 3}, {1, 10, 100});
  const std::vector<float> full = {1, 10, 102, 20, 203, 30, 300};  // stride 2: 2*2 + 3
  const auto run = [&](Items items) {
    items["strides"] = Ints{2};
    return Elements<float>(RunOp({"ConvTranspose", {x, w}, items}));
  };
  EXPECT_EQ(run({}), full);
  EXPECT_EQ(run({{"auto_pad", std::string("SAME_UPPER")}}),
            (std::vector<float>{1, 10, 102, 20, 203, 30}));
  EXPECT_EQ(run({{"auto_pad", std::string("SAME_LOWER")}}),
            (std::vector<float>{10, 102, 20, 203, 30, 300}));
  EXPECT_EQ(run({{"output_shape", Ints{5}}}), (std::vector<float>{10, 102, 20, 203, 30}));
}

TEST(ConvTranspose, NamesItsWeightAxes) {
  const OpDef* op = FindOp("ConvTranspose");
  const WeightAxes axes = op->weight_axes({}, {4, 3, 3});
  EXPECT_EQ(axes.channel, 1);
  EXPECT_EQ(axes.reduce, 0);
}

}  // namespace
}  // namespace bw
