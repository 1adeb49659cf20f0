#include "bitwright/quant/stored_codes.h"

#include <gtest/gtest.h>

#include "bitwright/base/rng.h"
#include "bitwright/quant/plan.h"

namespace bw {
namespace {

QTensor Random(const char* text, const Shape& shape) {
  QTensor tensor{shape, QuantSpec::Parse(text).value(), {}, {}};
  Rng rng(3);
  const auto count = static_cast<std::size_t>(ElementCount(shape));
  std::vector<Code> codes;
  for (std::size_t i = 0; i < count; ++i)
    codes.push_back(tensor.spec.element.codes()[rng.Below(tensor.spec.element.codes().size())]);
  tensor.codes = Pack(codes, tensor.spec.element.bits());
  const auto groups =
      static_cast<std::size_t>(MakeGrouping(tensor.spec.grain, shape).value().groups());
  for (std::size_t g = 0; g < groups; ++g) {
    tensor.params.scales.push_back(static_cast<float>(rng.Uniform(0.1, 2)));
    if (!tensor.spec.symmetric) tensor.params.zeros.push_back(static_cast<std::int32_t>(g % 3));
  }
  return tensor;
}

TEST(StoredCodes, ComeBackFromThePlansText) {
  for (const char* text : {"int4:c0", "int3", "uint4:c0:asym", "lut3[-1;-0.25;0;0.5;1;2;3;4]:c0"}) {
    SCOPED_TRACE(text);
    const QTensor tensor = Random(text, {3, 5});
    Plan plan;
    TensorPlan entry{tensor.spec, "mse", {}};
    entry.rounding = WeightRounding::kLearned;
    entry.codes = Store(tensor);
    plan.tensors.emplace("w", entry);
    const Expected<Plan> read = PlanFromJson(PlanToJson(plan), "plan");
    ASSERT_TRUE(read.has_value()) << read.error().message;
    const TensorPlan& again = read->tensors.at("w");
    EXPECT_EQ(again.rounding, WeightRounding::kLearned);
    EXPECT_TRUE(again.HasCodes());
    const QTensor restored = Restore(*again.codes, again.spec, {3, 5}).value();
    EXPECT_EQ(restored.codes, tensor.codes);
    EXPECT_EQ(restored.params.scales, tensor.params.scales);
    EXPECT_EQ(restored.params.zeros, tensor.params.zeros);
  }
}

TEST(StoredCodes, AreBase64OfTheBytes) {
  // RFC 4648, section 10: "foobar" and its prefixes.
  const std::string bytes = "foobar";
  const std::vector<std::string> texts = {"Zg==",     "Zm8=",     "Zm9v",
                                          "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (std::size_t n = 1; n <= bytes.size(); ++n) {
    QTensor tensor{
        {static_cast<std::int64_t>(n)}, QuantSpec::Parse("uint8").value(), {{1}, {}}, {}};
    tensor.codes.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    const StoredCodes stored = Store(tensor);
    EXPECT_EQ(stored.codes, texts[n - 1]);
    EXPECT_EQ(Restore(stored, tensor.spec, tensor.shape).value().codes, tensor.codes);
  }
}

std::string Refusal(const std::string& codes) {
  const StoredCodes stored{codes, {{1}, {}}, "uint8"};
  const auto restored = Restore(stored, QuantSpec::Parse("uint8").value(), {3});
  return restored ? "" : restored.error().message;
}

TEST(StoredCodes, RefuseDamagedText) {
  EXPECT_EQ(Refusal("Zm9v"), "");
  EXPECT_EQ(Refusal("Zm9"), "codes: 3 base64 digits, a multiple of 4 is needed");
  EXPECT_EQ(Refusal("Zm!v"), "codes: '!' is no base64 digit");
  EXPECT_EQ(Refusal("Zm=v"), "codes: a digit follows '='");
  EXPECT_EQ(Refusal("Zm8="), "codes: 2 bytes, 3 elements of 8 bits take 3");
}

}  // namespace
}  // namespace bw
