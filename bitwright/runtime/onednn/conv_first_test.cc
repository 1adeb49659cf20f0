// ConvFirst against its reference.

#include "bitwright/runtime/onednn/against_reference.h"

namespace bw::kernels {
namespace {

using Ints = std::vector<std::int64_t>;

void Check(const Shape& x, const Shape& w, Attributes attributes) {
  SCOPED_TRACE(ShapeText(x) + " by " + ShapeText(w));
  Case test = MakeCase("Conv", {RandomTensor(x, 1), RandomTensor(w, 2), RandomTensor({w[0]}, 3)},
                       std::move(attributes), {false, true, true});
  test.node.op = FindOp("ConvFirst", "bitwright");
  ExpectSumsAgree(test, ElementCount(w) / w[0] + 1);
}

TEST(ConvFirstKernel, AgreesOverChannelTails) {
  for (const std::int64_t in : {1, 3}) {
    for (const std::int64_t out : {1, 5, 8, 16, 24, 33, 64}) {
      for (const std::int64_t stride : {1, 2}) {
        Attributes attributes;
        attributes.Set("pads", Ints{1, 0, 1, 1});
        attributes.Set("strides", Ints{stride, stride});
        Check({2, in, 9, 23}, {out, in, 3, 3}, attributes);
      }
    }
  }
}

TEST(ConvFirstKernel, AgreesOverWindows) {
  Attributes wide;
  wide.Set("pads", Ints{4, 1, 5, 1});
  wide.Set("strides", Ints{2, 2});
  Check({3, 1, 49, 10}, {8, 1, 10, 4}, wide);
  Attributes spread;
  spread.Set("dilations", Ints{2, 3});
  Check({1, 2, 11, 12}, {6, 2, 3, 2}, spread);
  Attributes padded;
  padded.Set("pads", Ints{5, 5, 5, 5});
  Check({1, 2, 3, 2}, {6, 2, 3, 3}, padded);
}

TEST(ConvFirstKernel, HoldsItsBounds) {
  Attributes attributes;
  attributes.Set("low", -0.25F);
  attributes.Set("high", 0.5F);
  Case test = MakeCase("Conv", {RandomTensor({2, 3, 8, 9}, 1), RandomTensor({20, 3, 3, 3}, 2)},
                       attributes, {false, true});
  test.node.op = FindOp("ConvFirst", "bitwright");
  const Tensor fast = RunFast(test), law = RunReference(test);
  for (std::size_t i = 0; i < law.span<float>().size(); ++i)
    ASSERT_NEAR(fast.span<float>()[i], law.span<float>()[i], 1e-5) << i;
}

}  // namespace
}  // namespace bw::kernels
