#include "bitwright/number/number_array.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "bitwright/base/rng.h"

namespace bw::number {
namespace {

void Use(std::string_view text) { UsePlan(*Plan::Parse(text, "test")); }

TEST(NumberArray, HoldsEachElementAsANumberWould) {
  for (const char* name : {"fixed2", "fixed3", "exp5", "dybit7", "fixed13", "fp16", "fixed17",
                           "fixed29", "fixed32", "fp32"}) {
    const Representation& format = **Representation::Find(name);
    NumberArray array(301, format);
    Rng rng(7);
    std::vector<float> expected(array.size(), 0);
    for (int write = 0; write < 2000; ++write) {
      const std::size_t i = rng.Below(array.size());
      const auto value = static_cast<float>(rng.Normal());
      array[i] = value;
      expected[i] = format.Round(value);
    }
    for (std::size_t i = 0; i < array.size(); ++i) {
      ASSERT_EQ(array.GetFloat(i), expected[i]) << name << " " << i;
    }
    EXPECT_EQ(array.bytes(), (301 * static_cast<std::size_t>(format.bits()) + 7) / 8);
  }
}

TEST(NumberArray, StartsWithZerosWhateverTheirCode) {
  for (const std::string name : {"fixed5", "dybit4", "int6", "posit8_2"}) {
    const Expected<const Representation*> format = Representation::Find(name);
    if (!format) continue;
    const NumberArray array(20, **format);
    for (std::size_t i = 0; i < array.size(); ++i) EXPECT_EQ(array.GetFloat(i), 0) << name;
  }
}

TEST(NumberArray, ElementsComputeAsNumbers) {
  Use("array.a fixed4\narray.b fixed4");
  NumberArray a("array.a", 3), b("array.b", 3);
  a[0] = 0.8F;
  b[0] = 0.5F;
  EXPECT_EQ(a[0].AsFloat(), 0.75F);
  EXPECT_EQ((a[0] * b[0]).AsFloat(), 0.5F);
  EXPECT_EQ((2.0F * a[0]).AsFloat(), 1.5F);
  EXPECT_TRUE(a[0] > b[0]);
  a[1] = a[0];
  a[1] += b[0];
  EXPECT_EQ(a[1].AsFloat(), 1.25F);
  EXPECT_EQ(a[0].AsFloat(), 0.75F);
  EXPECT_EQ(sqrt(a[2]).AsFloat(), 0);
}

TEST(NumberArray, ANewPlanRepacksWhatIsAlive) {
  Use("");
  NumberArray array("repack.a", 100);
  std::vector<float> values(100);
  for (std::size_t i = 0; i < 100; ++i) values[i] = static_cast<float>(i) / 64;
  array.CopyFrom(values);
  EXPECT_EQ(array.bytes(), 400u);
  Use("repack.a fixed5");
  const Representation& format = **Representation::Find("fixed5");
  EXPECT_EQ(array.bytes(), 63u);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(array.GetFloat(i), format.Round(values[i]));
}

TEST(NumberArray, ACopyKeepsItsFormatAndAssignmentKeepsTheTargets) {
  Use("own.a fixed4\nown.b fixed8");
  NumberArray a("own.a", 2), b("own.b", 2);
  b[0] = 0.3F;
  NumberArray copy = b;
  a = b;
  EXPECT_EQ(a.format().text(), "fixed4");
  EXPECT_EQ(a.GetFloat(0), 0.25F);
  Use("");
  EXPECT_EQ(copy.format().text(), "fixed8");
}

TEST(NumberArray, CountsItsElements) {
  Use("");
  RecordNumbers(true);
  {
    NumberArray a("count.a", 50);
    const NumberArray moved = std::move(a);
    NumberArray again("count.a", 20);
    again[3] = -7;
  }
  RecordNumbers(false);
  const auto all = DescribeNumbers();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [](const NumberInfo& info) { return info.name == "count.a"; });
  ASSERT_NE(found, all.end());
  EXPECT_EQ(*found, (NumberInfo{"count.a", 70, 7, 1, 0}));
}

}  // namespace
}  // namespace bw::number
