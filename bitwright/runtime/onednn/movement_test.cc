// Transpose, Pad, Slice and FakeQuantize: equal bits.

#include "bitwright/runtime/onednn/against_reference.h"

namespace bw::kernels {
namespace {

using Ints = std::vector<std::int64_t>;

Tensor List(const Ints& values) {
  return Tensor::From<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}

TEST(TransposeKernel, EqualsTheReference) {
  const std::pair<Shape, Ints> cases[] = {{{5, 7}, {1, 0}},
                                          {{33, 65}, {1, 0}},
                                          {{2, 3, 4}, {2, 0, 1}},
                                          {{2, 3, 4}, {0, 1, 2}},
                                          {{2, 9, 7, 3}, {0, 3, 1, 2}},
                                          {{2, 9, 7, 3}, {0, 2, 3, 1}},
                                          {{1, 4, 1, 5}, {3, 1, 0, 2}},
                                          {{6}, {0}}};
  for (const auto& [shape, order] : cases) {
    SCOPED_TRACE(ShapeText(shape) + ShapeText(order));
    Attributes attributes;
    attributes.Set("perm", order);
    ExpectSameBits(MakeCase("Transpose", {RandomTensor(shape, 1)}, attributes));
  }
  ExpectSameBits(MakeCase("Transpose", {RandomTensor({2, 3, 4, 5}, 1)}));
}

TEST(PadKernel, EqualsTheReference) {
  const std::pair<Shape, Ints> cases[] = {{{2, 3, 5, 6}, {0, 0, 1, 2, 0, 0, 3, 0}},
                                          {{2, 3, 5, 6}, {0, 1, 0, 0, 1, 0, 0, 0}},
                                          {{2, 3, 5, 6}, {0, 0, -1, -2, 0, 0, 2, -1}},
                                          {{4}, {0, 3}},
                                          {{4}, {-4, 5}},
                                          {{2, 2}, {0, 0, 0, 0}}};
  const Tensor value = Tensor::From<float>({}, std::vector<float>{2.5F});
  for (const auto& [shape, pads] : cases) {
    SCOPED_TRACE(ShapeText(shape) + ShapeText(pads));
    const Tensor x = RandomTensor(shape, 1);
    ExpectSameBits(MakeCase("Pad", {x, List(pads)}, {}, {false, true}));
    ExpectSameBits(MakeCase("Pad", {x, List(pads), value}, {}, {false, true, true}));
  }
}

TEST(PadKernel, LeavesOtherModesToTheReference) {
  Attributes attributes;
  attributes.Set("mode", std::string("edge"));
  const Case edge =
      MakeCase("Pad", {RandomTensor({4}, 1), List({1, 1})}, attributes, {false, true});
  EXPECT_EQ(MakeBound(edge), nullptr);
}

TEST(SliceKernel, EqualsTheReference) {
  const Tensor x = RandomTensor({3, 8, 5, 6}, 1);
  const auto check = [&](const Ints& starts, const Ints& ends, const Ints& axes,
                         const Ints& steps) {
    SCOPED_TRACE(ShapeText(starts) + ShapeText(ends) + ShapeText(axes) + ShapeText(steps));
    ExpectSameBits(MakeCase("Slice", {x, List(starts), List(ends), List(axes), List(steps)}, {},
                            {false, true, true, true, true}));
  };
  check({2}, {6}, {1}, {1});
  check({0, 1}, {3, 5}, {1, 3}, {1, 2});
  check({-1, -2}, {-9, 100}, {1, -1}, {-2, 1});
  check({100}, {-100}, {2}, {-1});
  check({1, 3, 2, 5}, {2, 4, 3, 6}, {0, 1, 2, 3}, {1, 1, 1, 1});
  ExpectSameBits(MakeCase("Slice", {x, List({1, 2}), List({3, 7})}, {}, {false, true, true}));
}

TEST(FakeQuantizeKernel, EqualsTheReferenceBitForBit) {
  for (const char* spec :
       {"int8", "int4", "uint8", "e4m3fn", "dybit4", "esb5_2", "exp4", "fixed6"}) {
    SCOPED_TRACE(spec);
    Attributes attributes;
    attributes.Set("spec", std::string(spec));
    attributes.Set("scale", 0.037F);
    Case test = MakeCase("Relu", {RandomTensor({2, 5, 33}, 1, -6, 6)}, attributes);
    test.node.op = FindOp("FakeQuantize", "bitwright");
    ASSERT_NE(test.node.op, nullptr);
    ExpectSameBits(test);
  }
}

TEST(FakeQuantizeKernel, UsesTheZeroPoint) {
  Attributes attributes;
  attributes.Set("spec", std::string("uint8:t:fp32:asym"));
  attributes.Set("scale", 0.05F);
  attributes.Set("zero", std::int64_t{77});
  Case test = MakeCase("Relu", {RandomTensor({1, 999}, 1, -6, 12)}, attributes);
  test.node.op = FindOp("FakeQuantize", "bitwright");
  ExpectSameBits(test);
}

}  // namespace
}  // namespace bw::kernels
