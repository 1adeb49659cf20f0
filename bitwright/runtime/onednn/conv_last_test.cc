// ConvLast and the pools on [N, H, W, C] against their references.

#include "bitwright/runtime/onednn/against_reference.h"

namespace bw::kernels {
namespace {

using Ints = std::vector<std::int64_t>;

Case Last(const std::string& op, std::vector<std::optional<Tensor>> inputs, Attributes attributes) {
  Case test = MakeCase("Conv", std::move(inputs), std::move(attributes), {false, true, true});
  test.node.op = FindOp(op, "bitwright");
  return test;
}

void CheckConv(const Shape& x, const Shape& w, std::int64_t group, const Ints& strides, bool adds) {
  SCOPED_TRACE(ShapeText(x) + " by " + ShapeText(w));
  const std::int64_t pad = w[2] / 2;
  Attributes attributes;
  attributes.Set("group", group);
  attributes.Set("strides", strides);
  attributes.Set("pads", Ints{pad, pad, pad, pad});
  std::vector<std::optional<Tensor>> inputs = {RandomTensor(x, 1), RandomTensor(w, 2),
                                               RandomTensor({w[0]}, 3)};
  const Case plain = Last("ConvLast", inputs, attributes);
  ExpectSumsAgree(plain, ElementCount(w) / w[0] + 1);
  if (adds) inputs.emplace_back(RandomTensor(OutputTypes(plain)[0].shape, 4));
  ExpectSumsAgree(Last("ConvLast", inputs, attributes), ElementCount(w) / w[0] + 2);
  attributes.Set("low", 0.0F);
  const Case relu = Last("ConvLast", inputs, attributes);
  const Tensor positive = RunFast(relu);
  for (const float y : positive.span<float>()) ASSERT_GE(y, 0.0F);
  attributes.Set("low", -0.25F);
  attributes.Set("high", 0.5F);
  const Case clip = Last("ConvLast", inputs, attributes);
  const Tensor fast = RunFast(clip), law = RunReference(clip);
  for (std::size_t i = 0; i < law.span<float>().size(); ++i)
    ASSERT_NEAR(fast.span<float>()[i], law.span<float>()[i], 1e-4) << i;
}

TEST(ConvLastKernel, AgreesOverChannelTails) {
  for (const std::int64_t in : {1, 3, 8, 16, 17, 40}) {
    for (const std::int64_t out : {1, 5, 16, 33}) {
      CheckConv({2, 6, 7, in}, {out, in, 3, 3}, 1, {1, 1}, true);
      CheckConv({3, 6, 7, in}, {out, in, 1, 1}, 1, {2, 1}, false);
    }
  }
}

TEST(ConvLastKernel, AgreesInGroups) {
  for (const std::int64_t channels : {8, 16, 24, 48}) {
    CheckConv({2, 9, 10, channels}, {channels, 1, 3, 3}, channels, {1, 1}, true);
    CheckConv({2, 9, 10, channels}, {channels, 1, 5, 5}, channels, {2, 2}, false);
    CheckConv({1, 9, 10, channels}, {channels, channels / 4, 3, 3}, 4, {1, 1}, true);
  }
}

TEST(ConvLastKernel, AgreesChannelByChannel) {
  for (const std::int64_t channels : {1, 2, 4, 8, 16, 20, 40, 72}) {
    for (const std::int64_t width : {1, 2, 7, 23}) {
      CheckConv({2, 5, width, channels}, {channels, 1, 3, 3}, channels, {1, 1}, width == 7);
      CheckConv({1, 6, width, channels}, {channels, 1, 5, 5}, channels, {2, 2}, width == 7);
      CheckConv({1, 6, width, channels}, {channels, 1, 3, 1}, channels, {1, 3}, true);
    }
  }
}

TEST(ConvLastKernel, AgreesOnImagesLargeAndMany) {
  CheckConv({1, 70, 70, 16}, {24, 16, 3, 3}, 1, {1, 1}, true);
  CheckConv({37, 8, 8, 20}, {12, 20, 3, 3}, 1, {1, 1}, true);
}

TEST(PoolLastKernels, AgreeWithTheirReferences) {
  for (const std::int64_t channels : {1, 7, 16, 65}) {
    const std::vector<std::optional<Tensor>> x = {RandomTensor({2, 7, 9, channels}, 1)};
    Attributes attributes;
    attributes.Set("kernel_shape", Ints{3, 2});
    attributes.Set("strides", Ints{2, 1});
    attributes.Set("pads", Ints{1, 0, 1, 1});
    ExpectSameBits(Last("MaxPoolLast", x, attributes));
    ExpectSumsAgree(Last("AveragePoolLast", x, attributes), 6);
    ExpectSumsAgree(Last("GlobalAveragePoolLast", x, {}), 2);
  }
}

}  // namespace
}  // namespace bw::kernels
