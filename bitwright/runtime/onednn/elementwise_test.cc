// Element-by-element kernels against their references: equal bits, except for transcendental
// functions.

#include "bitwright/runtime/onednn/against_reference.h"

namespace bw::kernels {
namespace {

constexpr std::int64_t kSizes[] = {1, 2, 15, 16, 17, 31, 64, 67, 1000};

TEST(UnaryKernel, EqualsTheReferenceForEverySize) {
  for (const char* op : {"Relu", "LeakyRelu", "HardSigmoid"}) {
    for (const std::int64_t size : kSizes) {
      SCOPED_TRACE(std::string(op) + " of " + std::to_string(size));
      ExpectSameBits(MakeCase(op, {RandomTensor({size}, 7, -5, 5)}));
    }
  }
}

TEST(UnaryKernel, ReadsItsAttributes) {
  Attributes slope;
  slope.Set("alpha", 0.3F);
  ExpectSameBits(MakeCase("LeakyRelu", {RandomTensor({3, 40}, 7)}, slope));
  Attributes line;
  line.Set("alpha", 0.3F);
  line.Set("beta", 0.1F);
  ExpectSameBits(MakeCase("HardSigmoid", {RandomTensor({3, 40}, 7, -5, 5)}, line));
}

TEST(UnaryKernel, KeepsSpecialValues) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Tensor values =
      Tensor::From<float>({5}, std::vector<float>{-0.0F, 0.0F, infinity, -infinity, 1e-42F});
  for (const char* op : {"Relu", "LeakyRelu", "Clip"}) {
    SCOPED_TRACE(op);
    ExpectSameBits(MakeCase(op, {values}));
  }
}

TEST(ClipKernel, EqualsTheReferenceWithEitherBound) {
  const Tensor x = RandomTensor({77}, 5, -9, 9);
  const Tensor low = Tensor::From<float>({}, std::vector<float>{-1.5F});
  const Tensor high = Tensor::From<float>({}, std::vector<float>{6.0F});
  ExpectSameBits(MakeCase("Clip", {x, low, high}));
  ExpectSameBits(MakeCase("Clip", {x, low}));
  ExpectSameBits(MakeCase("Clip", {x, std::nullopt, high}));
  ExpectSameBits(MakeCase("Clip", {x, high, low}));
}

TEST(SmoothKernel, IsNearTheReference) {
  for (const char* op : {"Sigmoid", "Tanh"}) {
    for (const std::int64_t size : kSizes) {
      const Case test = MakeCase(op, {RandomTensor({size}, 3, -12, 12)});
      const Tensor fast = RunFast(test);
      const Tensor law = RunReference(test);
      for (std::size_t i = 0; i < law.span<float>().size(); ++i) {
        ASSERT_NEAR(fast.span<float>()[i], law.span<float>()[i], 0x1p-20) << op << " element " << i;
      }
    }
  }
}

TEST(BroadcastKernel, EqualsTheReferenceForEveryPattern) {
  const std::pair<Shape, Shape> patterns[] = {{{2, 3, 5, 7}, {2, 3, 5, 7}},
                                              {{2, 3, 5, 7}, {}},
                                              {{}, {2, 3, 5, 7}},
                                              {{2, 3, 5, 7}, {1}},
                                              {{2, 3, 5, 7}, {1, 3, 1, 1}},
                                              {{3, 1, 1}, {2, 3, 5, 7}},
                                              {{2, 3, 5, 7}, {7}},
                                              {{2, 3, 5, 7}, {2, 3, 1, 1}},
                                              {{2, 1, 5, 1}, {1, 3, 1, 7}},
                                              {{4, 19}, {19}},
                                              {{4, 1}, {1, 19}},
                                              {{1}, {1}},
                                              {{2, 3, 5, 7}, {5, 1}},
                                              {{33}, {33}},
                                              {{1, 1}, {4}}};
  for (const char* op : {"Add", "Sub", "Mul", "Div"}) {
    for (const auto& [a, b] : patterns) {
      SCOPED_TRACE(std::string(op) + ShapeText(a) + ShapeText(b));
      ExpectSameBits(MakeCase(op, {RandomTensor(a, 1), RandomTensor(b, 2)}));
    }
  }
}

TEST(BroadcastKernel, LeavesIntegersToTheReference) {
  const Tensor integers = Tensor::From<std::int64_t>({2}, std::vector<std::int64_t>{3, 4});
  EXPECT_EQ(MakeBound(MakeCase("Add", {integers, integers})), nullptr);
}

TEST(PReluKernel, EqualsTheReference) {
  for (const Shape& slope : {Shape{3, 1, 1}, Shape{1}, Shape{2, 3, 4, 9}, Shape{9}}) {
    ExpectSameBits(MakeCase("PRelu", {RandomTensor({2, 3, 4, 9}, 1), RandomTensor(slope, 2)}));
  }
}

// The result is rounded once from double, as the law's is: they differ where their doubles straddle
// a rounding point.
void ExpectWithinARounding(const Case& test) {
  const Tensor fast = RunFast(test);
  const Tensor law = RunReference(test);
  for (std::size_t i = 0; i < law.span<float>().size(); ++i) {
    const float value = law.span<float>()[i];
    ASSERT_NEAR(fast.span<float>()[i], value, std::abs(value) * 0x1p-23F) << "element " << i;
  }
}

TEST(HardSwishKernel, IsWithinARounding) {
  for (const std::int64_t size : kSizes) {
    ExpectWithinARounding(MakeCase("HardSwish", {RandomTensor({size}, 7, -5, 5)}));
  }
}

TEST(BatchNormalizationKernel, IsWithinARounding) {
  for (const Shape& shape : {Shape{2, 3, 5, 7}, Shape{1, 17, 33}, Shape{3, 1, 1, 1}}) {
    const std::int64_t channels = shape[1];
    ExpectWithinARounding(
        MakeCase("BatchNormalization",
                 {RandomTensor(shape, 1), RandomTensor({channels}, 2), RandomTensor({channels}, 3),
                  RandomTensor({channels}, 4), RandomTensor({channels}, 5, 0.1, 2)}));
  }
}

}  // namespace
}  // namespace bw::kernels
