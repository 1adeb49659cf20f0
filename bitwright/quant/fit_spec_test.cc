#include "bitwright/quant/fit_spec.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/base/rng.h"

namespace bw {
namespace {

// Four channels of very different spread.
std::vector<float> Weights() {
  std::vector<float> values;
  Rng rng(3);
  for (int i = 0; i < 4 * 300; ++i) {
    const double bell = rng.Uniform(-1, 1) + rng.Uniform(-1, 1) + rng.Uniform(-1, 1);
    values.push_back(static_cast<float>(bell * std::pow(4.0, i / 300)));
  }
  return values;
}

double SquaredError(const std::vector<float>& values, const Grouping& grouping,
                    const QuantSpec& spec, const QuantParams& params) {
  std::vector<float> rounded = values;
  EXPECT_TRUE(FakeQuantize(rounded, grouping, spec, params));
  double error = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    error += std::pow(static_cast<double>(rounded[i]) - values[i], 2);
  return error;
}

TEST(ReadySpecFor, FitsTheTableToTheTensor) {
  const std::vector<float> values = Weights();
  for (const char* text : {"lut3:c0", "lut3:t", "lut4:c0:fp16"}) {
    const QuantSpec spec = QuantSpec::Parse(text).value();
    const Grouping grouping = MakeGrouping(spec.grain, {4, 300}).value();
    const ReadySpec ready = ReadySpecFor(values, grouping, spec, "mse").value();
    EXPECT_TRUE(IsFitted(ready.spec.element)) << ready.spec.ToString();
    EXPECT_FALSE(ready.spec.element.info().fitted_from_data);
    EXPECT_EQ(QuantSpec::Parse(ready.spec.ToString()).value(), ready.spec);
    EXPECT_LT(SquaredError(values, grouping, ready.spec, ready.params),
              SquaredError(values, grouping, spec, ready.params))
        << text;
  }
}

TEST(ReadySpecFor, LeavesOtherFormatsAsTheyAre) {
  const std::vector<float> values = Weights();
  const QuantSpec spec = QuantSpec::Parse("esb4_1:c0").value();
  const Grouping grouping = MakeGrouping(spec.grain, {4, 300}).value();
  const ReadySpec ready = ReadySpecFor(values, grouping, spec, "mse").value();
  EXPECT_EQ(ready.spec, spec);
  EXPECT_EQ(ready.params.scales, ChooseScales(values, grouping, spec, "mse").value().scales);
  EXPECT_EQ(TableBytes(ready.spec.element), 0);
}

TEST(TableBytes, AreFourForEachCode) {
  EXPECT_EQ(TableBytes(Format::Parse("lut3").value()), 32);
  EXPECT_EQ(TableBytes(Format::Parse("lut2[-1;0;1;2]").value()), 16);
}

}  // namespace
}  // namespace bw
