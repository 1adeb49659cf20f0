// Matrix products, pools and softmax against their references.

#include "bitwright/runtime/onednn/against_reference.h"

namespace bw::kernels {
namespace {

using Ints = std::vector<std::int64_t>;

Attributes GemmAttributes(std::int64_t trans_a, std::int64_t trans_b, float alpha, float beta) {
  Attributes attributes;
  attributes.Set("transA", trans_a);
  attributes.Set("transB", trans_b);
  attributes.Set("alpha", alpha);
  attributes.Set("beta", beta);
  return attributes;
}

TEST(GemmKernel, AgreesForTranspositionsAndTails) {
  for (const std::int64_t m : {1, 5}) {
    for (const std::int64_t k : {1, 17, 64, 130}) {
      for (const std::int64_t n : {1, 10, 33}) {
        for (const int transposed : {0, 1, 2, 3}) {
          const bool a = (transposed & 1) != 0;
          const bool b = (transposed & 2) != 0;
          SCOPED_TRACE(fmt::format("{}x{}x{} transposed {}", m, k, n, transposed));
          const Case test =
              MakeCase("Gemm",
                       {RandomTensor(a ? Shape{k, m} : Shape{m, k}, 1),
                        RandomTensor(b ? Shape{n, k} : Shape{k, n}, 2), RandomTensor({n}, 3)},
                       GemmAttributes(a, b, 1, 1), {false, true, true});
          ExpectSumsAgree(test, k + 1);
        }
      }
    }
  }
}

TEST(GemmKernel, AgreesForEveryShapeOfCAndFactors) {
  for (const Shape& c : {Shape{}, Shape{1}, Shape{6}, Shape{1, 6}, Shape{4, 1}, Shape{4, 6}}) {
    for (const float factor : {1.0F, 0.25F}) {
      SCOPED_TRACE(ShapeText(c));
      const Attributes attributes = GemmAttributes(0, 0, factor, 3 * factor);
      const std::vector<std::optional<Tensor>> inputs = {
          RandomTensor({4, 9}, 1), RandomTensor({9, 6}, 2), RandomTensor(c, 3)};
      ExpectSumsAgree(MakeCase("Gemm", inputs, attributes), 10);
      ExpectSumsAgree(MakeCase("Gemm", inputs, attributes, {false, true, true}), 10);
    }
  }
  ExpectSumsAgree(MakeCase("Gemm", {RandomTensor({4, 9}, 1), RandomTensor({9, 6}, 2)}), 9);
}

TEST(GemmKernel, WeightsBoundAgainReplaceTheFirst) {
  Case test =
      MakeCase("Gemm", {RandomTensor({4, 64}, 1), RandomTensor({64, 48}, 2)}, {}, {false, true});
  const auto kernel = MakeBound(test);
  ASSERT_NE(kernel, nullptr);
  const Tensor before = RunKernel(*kernel, test);
  test.inputs[1] = RandomTensor({64, 48}, 9);
  kernel->BindConstant(1, *test.inputs[1]);
  const Tensor after = RunKernel(*kernel, test);
  EXPECT_FALSE(SameBits(before, after));
  EXPECT_TRUE(SameBits(after, RunFast(test)));
}

TEST(MatMulKernel, AgreesForEveryRank) {
  const std::pair<Shape, Shape> pairs[] = {{{3, 17}, {17, 5}},
                                           {{1, 64}, {64, 1000}},
                                           {{17}, {17}},
                                           {{17}, {17, 5}},
                                           {{3, 17}, {17}},
                                           {{2, 3, 17}, {17, 5}},
                                           {{2, 3, 4, 8}, {8, 5}},
                                           {{2, 3, 4, 8}, {2, 3, 8, 5}},
                                           {{2, 1, 4, 8}, {1, 3, 8, 5}},
                                           {{4, 8}, {2, 3, 8, 5}},
                                           {{8}, {2, 8, 5}},
                                           {{2, 4, 8}, {8}},
                                           {{3, 4, 8}, {2, 3, 8, 5}}};
  for (const auto& [a, b] : pairs) {
    for (const bool constant : {false, true}) {
      SCOPED_TRACE(ShapeText(a) + ShapeText(b));
      ExpectSumsAgree(
          MakeCase("MatMul", {RandomTensor(a, 1), RandomTensor(b, 2)}, {}, {false, constant}),
          a.back());
    }
  }
}

Attributes Pool(Ints kernel, Ints strides, Ints pads, std::int64_t ceil, std::int64_t include) {
  Attributes attributes;
  attributes.Set("kernel_shape", std::move(kernel));
  attributes.Set("strides", std::move(strides));
  attributes.Set("pads", std::move(pads));
  if (ceil != 0) attributes.Set("ceil_mode", ceil);
  if (include >= 0) attributes.Set("count_include_pad", include);
  return attributes;
}

TEST(MaxPoolKernel, EqualsTheReference) {
  for (const std::int64_t extent : {5, 8, 16, 17, 33}) {
    for (const std::int64_t ceil : {0, 1}) {
      const Tensor x = RandomTensor({2, 3, extent, extent + 2}, 1);
      ExpectSameBits(MakeCase("MaxPool", {x}, Pool({2, 2}, {2, 2}, {0, 0, 0, 0}, ceil, -1)));
      ExpectSameBits(MakeCase("MaxPool", {x}, Pool({3, 3}, {2, 2}, {1, 1, 1, 1}, ceil, -1)));
      ExpectSameBits(MakeCase("MaxPool", {x}, Pool({3, 2}, {1, 3}, {0, 1, 2, 0}, ceil, -1)));
    }
  }
  ExpectSameBits(MakeCase("MaxPool", {RandomTensor({2, 3, 21}, 1)}, Pool({3}, {2}, {1, 0}, 0, -1)));
}

TEST(AveragePoolKernel, AgreesWithPaddingCountedOrNot) {
  for (const std::int64_t extent : {5, 8, 16, 17}) {
    for (const std::int64_t include : {0, 1}) {
      const Tensor x = RandomTensor({2, 3, extent, extent + 2}, 1);
      ExpectSumsAgree(MakeCase("AveragePool", {x}, Pool({2, 2}, {2, 2}, {0, 0, 0, 0}, 0, include)),
                      4);
      ExpectSumsAgree(MakeCase("AveragePool", {x}, Pool({3, 3}, {2, 2}, {1, 1, 1, 1}, 0, include)),
                      9);
      ExpectSumsAgree(MakeCase("AveragePool", {x}, Pool({3, 2}, {1, 3}, {0, 1, 2, 0}, 0, include)),
                      6);
    }
  }
}

TEST(AveragePoolKernel, LeavesWhatItCannotCountToTheReference) {
  const Tensor x = RandomTensor({1, 1, 6, 6}, 1);
  ExpectSumsAgree(MakeCase("AveragePool", {x}, Pool({3, 3}, {2, 2}, {0, 0, 0, 0}, 1, 0)), 9);
  const Case beyond = MakeCase("AveragePool", {x}, Pool({3, 3}, {2, 2}, {0, 0, 0, 0}, 1, 1));
  EXPECT_EQ(MakeBound(beyond), nullptr);
}

TEST(GlobalAveragePoolKernel, AgreesForEveryExtent) {
  for (const std::int64_t extent : {1, 3, 4, 7, 8, 13, 32}) {
    ExpectSumsAgree(MakeCase("GlobalAveragePool", {RandomTensor({2, 5, extent, extent}, 1)}),
                    extent * extent);
  }
}

TEST(SoftmaxKernel, IsNearTheReferenceOnEveryAxis) {
  for (const std::int64_t axis : {-1, 0, 1, 2}) {
    Attributes attributes;
    attributes.Set("axis", axis);
    const Case test = MakeCase("Softmax", {RandomTensor({3, 10, 17}, 1, -20, 20)}, attributes);
    const Tensor fast = RunFast(test);
    const Tensor law = RunReference(test);
    for (std::size_t i = 0; i < law.span<float>().size(); ++i) {
      const float value = law.span<float>()[i];
      ASSERT_NEAR(fast.span<float>()[i], value, std::abs(value) * 0x1p-18F + 1e-30F) << i;
    }
  }
}

}  // namespace
}  // namespace bw::kernels
