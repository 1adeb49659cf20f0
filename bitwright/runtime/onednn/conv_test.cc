// Conv and ConvTranspose against their references.

#include "bitwright/runtime/onednn/against_reference.h"

namespace bw::kernels {
namespace {

using Ints = std::vector<std::int64_t>;

struct ConvShape {
  Shape input;
  Shape weight;
  std::int64_t group = 1;
  Ints strides, dilations, pads;
  std::string auto_pad;
};

Attributes MakeAttributes(const ConvShape& shape) {
  Attributes attributes;
  attributes.Set("group", shape.group);
  if (!shape.strides.empty()) attributes.Set("strides", shape.strides);
  if (!shape.dilations.empty()) attributes.Set("dilations", shape.dilations);
  if (!shape.pads.empty()) attributes.Set("pads", shape.pads);
  if (!shape.auto_pad.empty()) attributes.Set("auto_pad", shape.auto_pad);
  return attributes;
}

Case MakeConv(const ConvShape& shape, bool bias, bool constant_weights = true) {
  std::vector<std::optional<Tensor>> inputs = {RandomTensor(shape.input, 1),
                                               RandomTensor(shape.weight, 2)};
  if (bias) inputs.emplace_back(RandomTensor({shape.weight[0]}, 3));
  return MakeCase("Conv", std::move(inputs), MakeAttributes(shape),
                  {false, constant_weights, constant_weights});
}

std::int64_t Terms(const Shape& weight) { return ElementCount(weight) / weight[0] + 1; }

void CheckConv(const ConvShape& shape) {
  SCOPED_TRACE(ShapeText(shape.input) + " by " + ShapeText(shape.weight));
  ExpectSumsAgree(MakeConv(shape, false), Terms(shape.weight));
  ExpectSumsAgree(MakeConv(shape, true), Terms(shape.weight));
}

TEST(ConvKernel, AgreesOverChannelTails) {
  for (const std::int64_t in : {1, 2, 3, 15, 16, 17, 33}) {
    for (const std::int64_t out : {1, 7, 16, 19, 32}) {
      CheckConv({{2, in, 6, 7}, {out, in, 3, 3}, 1, {}, {}, {1, 1, 1, 1}, {}});
    }
  }
}

TEST(ConvKernel, AgreesOverImageExtents) {
  for (const std::int64_t extent : {1, 3, 4, 7, 15, 16, 17, 31, 33}) {
    CheckConv({{1, 4, extent, extent + 1}, {8, 4, 3, 3}, 1, {}, {}, {1, 1, 1, 1}, {}});
    CheckConv({{1, 4, extent, extent}, {8, 4, 3, 3}, 1, {2, 2}, {}, {1, 1, 1, 1}, {}});
  }
}

TEST(ConvKernel, AgreesForPointwiseOfEverySize) {
  for (const std::int64_t extent : {1, 3, 7, 9, 10, 11, 14, 20}) {
    CheckConv({{2, 24, extent, extent}, {18, 24, 1, 1}, 1, {}, {}, {}, {}});
    CheckConv({{1, 24, extent, extent}, {18, 24, 1, 1}, 1, {2, 2}, {}, {}, {}});
    CheckConv({{1, 24, extent, extent}, {18, 12, 1, 1}, 2, {}, {}, {}, {}});
  }
}

TEST(ConvKernel, AgreesForGroups) {
  CheckConv({{2, 6, 8, 8}, {9, 2, 3, 3}, 3, {}, {}, {1, 1, 1, 1}, {}});
  CheckConv({{1, 64, 8, 8}, {64, 16, 3, 3}, 4, {}, {}, {1, 1, 1, 1}, {}});
  CheckConv({{1, 8, 9, 5}, {8, 4, 3, 1}, 2, {2, 1}, {}, {}, {}});
}

TEST(ConvKernel, AgreesForDepthwiseOfEveryWidth) {
  for (std::int64_t width = 1; width <= 37; width += 3) {
    CheckConv({{2, 3, 5, width}, {3, 1, 3, 3}, 3, {}, {}, {1, 1, 1, 1}, {}});
    CheckConv({{1, 3, width, 6}, {3, 1, 3, 3}, 3, {2, 2}, {}, {1, 1, 1, 1}, {}});
    CheckConv({{1, 3, 40, width}, {3, 1, 3, 3}, 3, {2, 2}, {}, {1, 1, 1, 1}, {}});
    CheckConv({{1, 2, width, width}, {2, 1, 5, 5}, 2, {3, 2}, {}, {2, 2, 2, 2}, {}});
  }
}

TEST(ConvKernel, AgreesForDepthwiseWithAMultiplier) {
  CheckConv({{2, 3, 7, 7}, {6, 1, 3, 3}, 3, {}, {}, {1, 1, 1, 1}, {}});
  CheckConv({{3, 2, 7, 7}, {10, 1, 1, 1}, 2, {2, 2}, {}, {}, {}});
}

TEST(ConvKernel, AgreesForDepthwiseWithDilationAndUnevenPads) {
  CheckConv({{1, 4, 11, 13}, {4, 1, 3, 3}, 4, {1, 1}, {2, 3}, {2, 3, 2, 3}, {}});
  CheckConv({{1, 4, 11, 13}, {8, 1, 3, 3}, 4, {2, 2}, {2, 2}, {0, 1, 3, 2}, {}});
  CheckConv({{1, 4, 6, 6}, {8, 1, 3, 3}, 4, {2, 2}, {3, 1}, {5, 0, 4, 4}, {}});
  CheckConv({{1, 4, 6, 6}, {8, 1, 2, 2}, 4, {5, 5}, {}, {4, 4, 4, 4}, {}});
}

TEST(ConvKernel, AgreesForDilationAndUnevenPads) {
  CheckConv({{1, 5, 12, 12}, {7, 5, 3, 3}, 1, {}, {2, 2}, {2, 2, 2, 2}, {}});
  CheckConv({{1, 5, 12, 9}, {7, 5, 3, 2}, 1, {2, 1}, {2, 3}, {0, 1, 2, 3}, {}});
  CheckConv({{2, 16, 8, 8}, {16, 16, 3, 3}, 1, {2, 2}, {}, {0, 0, 1, 1}, {}});
}

TEST(ConvKernel, AgreesForAutomaticPadding) {
  for (const char* mode : {"SAME_UPPER", "SAME_LOWER", "VALID"}) {
    CheckConv({{1, 3, 9, 8}, {4, 3, 3, 2}, 1, {2, 2}, {}, {}, mode});
    CheckConv({{1, 4, 9, 8}, {4, 1, 3, 2}, 4, {2, 2}, {}, {}, mode});
  }
}

TEST(ConvKernel, AgreesOnOneAndThreeSpatialAxes) {
  CheckConv({{2, 5, 23}, {6, 5, 4}, 1, {2}, {}, {1, 2}, {}});
  CheckConv({{2, 6, 23}, {6, 1, 5}, 6, {}, {2}, {4, 0}, {}});
  CheckConv({{1, 2, 4, 5, 6}, {3, 2, 2, 3, 3}, 1, {}, {}, {}, {}});
}

TEST(ConvKernel, AgreesWithWeightsComputedAtRunTime) {
  const ConvShape shape = {{1, 8, 9, 9}, {12, 8, 3, 3}, 1, {}, {}, {1, 1, 1, 1}, {}};
  ExpectSumsAgree(MakeConv(shape, true, false), Terms(shape.weight));
}

TEST(ConvKernel, WeightsBoundAgainReplaceTheFirst) {
  const ConvShape shapes[] = {{{1, 8, 9, 9}, {12, 8, 3, 3}, 1, {}, {}, {}, {}},
                              {{1, 8, 9, 9}, {8, 1, 3, 3}, 8, {}, {}, {}, {}}};
  for (const ConvShape& shape : shapes) {
    Case test = MakeConv(shape, true);
    const auto kernel = MakeBound(test);
    ASSERT_NE(kernel, nullptr);
    const Tensor before = RunKernel(*kernel, test);
    test.inputs[1] = RandomTensor(shape.weight, 99);
    kernel->BindConstant(1, *test.inputs[1]);
    const Tensor after = RunKernel(*kernel, test);
    EXPECT_FALSE(SameBits(before, after));
    EXPECT_TRUE(SameBits(after, RunFast(test)));
  }
}

TEST(ConvKernel, AnImageHasTheSameBitsInEveryBatch) {
  for (const std::int64_t extent : {5, 16}) {
    for (const std::int64_t kernel : {1, 3}) {
      const ConvShape shape = {
          {3, 16, extent, extent}, {20, 16, kernel, kernel}, 1, {}, {}, {}, {}};
      const Case batch = MakeConv(shape, true);
      const Tensor whole = RunFast(batch);
      const std::size_t image = whole.bytes() / 3;
      Case one = batch;
      one.inputs[0] = Tensor(DType::kFloat32, {1, 16, extent, extent});
      const auto* from = batch.inputs[0]->span<float>().data() + 2 * one.inputs[0]->size();
      std::memcpy(one.inputs[0]->span<float>().data(), from, one.inputs[0]->bytes());
      const Tensor last = RunFast(one);
      const auto* expected = reinterpret_cast<const std::byte*>(whole.span<float>().data());
      EXPECT_EQ(std::memcmp(expected + 2 * image, last.span<float>().data(), image), 0);
    }
  }
}

void CheckTransposed(const ConvShape& shape, Attributes attributes) {
  SCOPED_TRACE(ShapeText(shape.input) + " by " + ShapeText(shape.weight));
  for (const auto& [name, value] : MakeAttributes(shape).items) attributes.Set(name, value);
  const std::int64_t terms = ElementCount(shape.weight) / shape.weight[1] / shape.group + 1;
  for (const bool constant : {true, false}) {
    std::vector<std::optional<Tensor>> inputs = {RandomTensor(shape.input, 1),
                                                 RandomTensor(shape.weight, 2)};
    ExpectSumsAgree(MakeCase("ConvTranspose", inputs, attributes, {false, constant}), terms);
    inputs.emplace_back(RandomTensor({shape.weight[1] * shape.group}, 3));
    ExpectSumsAgree(MakeCase("ConvTranspose", inputs, attributes, {false, constant}), terms);
  }
}

Attributes With(const std::string& name, Ints value) {
  Attributes attributes;
  attributes.Set(name, std::move(value));
  return attributes;
}

TEST(ConvTransposeKernel, Agrees) {
  CheckTransposed({{2, 5, 4, 6}, {5, 7, 3, 3}, 1, {}, {}, {}, {}}, {});
  CheckTransposed({{1, 16, 5, 5}, {16, 8, 2, 2}, 1, {2, 2}, {}, {}, {}}, {});
  CheckTransposed({{1, 6, 5, 5}, {6, 2, 3, 3}, 3, {2, 2}, {}, {1, 1, 1, 1}, {}}, {});
  CheckTransposed({{1, 4, 5, 5}, {4, 3, 3, 3}, 1, {2, 3}, {2, 1}, {0, 1, 2, 0}, {}}, {});
  CheckTransposed({{1, 4, 9}, {4, 3, 4}, 1, {2}, {}, {1, 1}, {}}, {});
}

TEST(ConvTransposeKernel, AgreesWithOutputPaddingAndShape) {
  CheckTransposed({{1, 4, 5, 5}, {4, 3, 3, 3}, 1, {2, 2}, {}, {1, 1, 1, 1}, {}},
                  With("output_padding", {1, 1}));
  CheckTransposed({{1, 4, 5, 5}, {4, 3, 3, 3}, 1, {2, 2}, {}, {}, {}},
                  With("output_shape", {10, 10}));
}

}  // namespace
}  // namespace bw::kernels
