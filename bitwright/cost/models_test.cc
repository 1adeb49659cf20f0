// The models that make a chip of a target, on layers whose costs can be told by hand.

#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/base/rng.h"
#include "bitwright/cost/cost.h"
#include "bitwright/cost/test_network.h"

namespace bw {
namespace {

const FormatInfo* Info(const std::string& format) {
  if (format == "float32") return nullptr;
  return &Format::Parse(format)->info();
}

Operand Stored(const std::string& format) {
  const FormatInfo* info = Info(format);
  return {info, info == nullptr ? 32.0 : info->bits};
}

// A layer alone on a target, with parameters set apart.
class OnTarget {
 public:
  OnTarget(const std::string& target, const Extents& extents)
      : target_(FindTarget(target).value()) {
    work_.layers.emplace_back();
    LayerWork& layer = work_.layers.back();
    layer.kind = LayerKind::kConv;
    layer.extents = extents;
    layer.macs = extents.macs();
    layer.input_elements = extents.groups * extents.channels * extents.rows * extents.columns;
    layer.output_elements = extents.groups * extents.filters * extents.rows * extents.columns;
    layer.weight_elements = layer.macs / extents.rows / extents.columns;
    Bind();
  }
  void Set(const std::string& parameter, std::vector<double> values) {
    target_.parameters.Set(parameter, std::move(values));
    Bind();
  }
  double Of(Quantity quantity, const std::string& input, const std::string& weight,
            const std::string& output) const {
    return model_->Layer(View(input, weight, output))[quantity].value();
  }
  double Figure(const std::string& name, const std::string& input, const std::string& weight,
                const std::string& output) const {
    for (const auto& [key, value] : model_->Explain(View(input, weight, output))) {
      if (key == name) return value;
    }
    ADD_FAILURE() << name;
    return 0;
  }

 private:
  void Bind() { model_ = target_.model->bind(target_.parameters).value(); }
  LayerView View(const std::string& input, const std::string& weight,
                 const std::string& output) const {
    return {work_, 0, {}, {Stored(input), Stored(weight), Stored(output)}};
  }

  CostTarget target_;
  Work work_;
  std::unique_ptr<LayerModel> model_;
};

constexpr Extents kConv = {1, 64, 32, 16, 16, 3, 3, 1, 1};

TEST(BitSerial, IsFasterBySixteenOverTheBitsOfTheInput) {
  const OnTarget chip("bit-serial-16", kConv);
  const double at_16 = chip.Of(Quantity::kLatencyNs, "fp16", "int8", "int8");
  EXPECT_NEAR(at_16, static_cast<double>(kConv.macs()) / 4096 / 606 * 1e3, 1e-6);
  for (int p = 2; p <= 12; ++p) {
    const double latency = chip.Of(Quantity::kLatencyNs, "int" + std::to_string(p), "int4", "int8");
    EXPECT_NEAR(at_16 / latency, 16.0 / p, 1e-9);
  }
}

TEST(PackedWord, HasAsManyLanesAsNumbersFit) {
  const OnTarget chip("packed-ku115", kConv);
  const int lanes[] = {32, 16, 10, 8, 6, 5, 4, 4};
  for (int b = 1; b <= 8; ++b) {
    const std::string format = "uint" + std::to_string(b);
    EXPECT_EQ(chip.Figure("lanes", format, "uint1", "uint8"), lanes[b - 1]) << b;
    EXPECT_EQ(chip.Figure("lanes", "uint1", format, "uint8"), lanes[b - 1]) << b;
  }
  EXPECT_EQ(chip.Figure("lanes", "float32", "int4", "int8"), 1);
}

TEST(PackedWord, IsBoundByTrafficWhereThereIsLittleWork) {
  const OnTarget chip("packed-ku115", {1, 1000, 1024, 1, 1, 1, 1, 1, 1});
  // 1024000 weights of 8 bits and 1024 + 1000 others, 4 in a word, 16 words a cycle at 200 MHz
  EXPECT_NEAR(chip.Of(Quantity::kLatencyNs, "int8", "int8", "int8"),
              (256000.0 + 256 + 250) / 16 * 5, 1e-6);
}

TEST(Dybit, CountsTheCyclesOfAComputeBoundLayer) {
  OnTarget chip("dybit-zcu102", kConv);
  chip.Set("bytes_per_cycle", {1e6});
  // 288 products a pixel and channel; 256 pixels on 48 rows, 64 channels on 48 columns
  const double at_8 = 288.0 * 6 * 2;
  EXPECT_EQ(chip.Figure("compute_cycles", "int8", "int8", "int8"), at_8);
  EXPECT_EQ(chip.Figure("compute_cycles", "int8", "int4", "int8"), 288.0 * 6 * 1);
  EXPECT_EQ(chip.Figure("compute_cycles", "int4", "int4", "int8"), 288.0 * 3 * 1);
  EXPECT_EQ(chip.Figure("compute_cycles", "int2", "int2", "int8"), 288.0 * 2 * 1);
  EXPECT_EQ(chip.Figure("compute_cycles", "float32", "float32", "float32"), at_8 * 2.4);
  EXPECT_NEAR(chip.Of(Quantity::kLatencyNs, "int8", "int8", "int8"), at_8 / 214 * 1e3, 1e-9);
}

TEST(Dybit, IsBoundByItsStreams) {
  const OnTarget chip("dybit-zcu102", {1, 1000, 1024, 1, 1, 1, 1, 1, 1});
  EXPECT_EQ(chip.Figure("load_cycles", "int8", "int8", "int8"), 1024000.0 / 16);
  EXPECT_EQ(chip.Figure("cycles", "int8", "int8", "int8"), 1024000.0 / 16);
  EXPECT_EQ(chip.Figure("cycles", "int8", "int4", "int8"), 512000.0 / 16);
  EXPECT_EQ(chip.Figure("cycles", "int8", "int3", "int8"), 512000.0 / 16);  // widened to 4
}

TEST(Dybit, ChannelwiseConvolutionsSpreadChannelsOverTheColumns) {
  OnTarget chip("dybit-zcu102", {96, 1, 1, 8, 6, 3, 3, 1, 1});
  chip.Set("bytes_per_cycle", {1e6});
  EXPECT_EQ(chip.Figure("compute_cycles", "int8", "int8", "int8"), 2 * 9 * 1);
}

TEST(Dybit, NarrowerIsNeverSlower) {
  const char* kWidths[] = {"int2", "int4", "int8", "fp16", "float32"};
  Rng rng(3);
  for (int trial = 0; trial < 40; ++trial) {
    const auto draw = [&](std::uint64_t most) {
      return 1 + static_cast<std::int64_t>(rng.Below(most));
    };
    const std::int64_t kernel = 1 + 2 * static_cast<std::int64_t>(rng.Below(2));
    const OnTarget chip("dybit-zcu102",
                        {1, draw(256), draw(256), draw(60), draw(60), kernel, kernel, 1, 1});
    const auto latency = [&](std::size_t input, std::size_t weight, std::size_t output) {
      return chip.Of(Quantity::kLatencyNs, kWidths[input], kWidths[weight], kWidths[output]);
    };
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t w = 0; w < 5; ++w) {
        for (std::size_t o = 0; o < 5; ++o) {
          if (i > 0) {
            EXPECT_LE(latency(i - 1, w, o), latency(i, w, o));
          }
          if (w > 0) {
            EXPECT_LE(latency(i, w - 1, o), latency(i, w, o));
          }
          if (o > 0) {
            EXPECT_LE(latency(i, w, o - 1), latency(i, w, o));
          }
        }
      }
    }
  }
}

// The order of the paper's search: 8_8 -> weights 4 -> inputs 4 -> weights 2.
TEST(Dybit, SpeedsUpAlongTheStepsOfThePaper) {
  const OnTarget chip("dybit-zcu102", {1, 256, 256, 28, 28, 3, 3, 1, 1});
  const double at_88 = chip.Of(Quantity::kLatencyNs, "int8", "int8", "int8");
  const double at_84 = chip.Of(Quantity::kLatencyNs, "int8", "int4", "int8");
  const double at_44 = chip.Of(Quantity::kLatencyNs, "int4", "int4", "int8");
  const double at_42 = chip.Of(Quantity::kLatencyNs, "int4", "int2", "int4");
  // 784 pixels on 48 or 96 rows, 256 channels on 48, 96 or 192 columns
  EXPECT_NEAR(at_88 / at_84, 6.0 / 3, 1e-9);
  EXPECT_NEAR(at_84 / at_44, 17.0 / 9, 1e-9);
  EXPECT_NEAR(at_44 / at_42, 3.0 / 2, 1e-9);
}

TEST(Esb, ReachesThePapersRateOfATable) {
  // 64 channels of 3 x 3: 576 products in a sum.
  const OnTarget chip("esb-zcu102", {1, 64, 64, 28, 28, 3, 3, 1, 1});
  EXPECT_NEAR(chip.Figure("gops_per_kilolut", "esb4_1", "esb4_1", "esb4_1"), 10.95, 0.01);
  EXPECT_GT(chip.Figure("gops_per_kilolut", "esb3_0", "esb3_0", "esb3_0"), 10.95);
  EXPECT_LT(chip.Figure("gops_per_kilolut", "int8", "int8", "int8"), 10.95);
}

TEST(Esb, SizesEnginesByTheRateOfSamples) {
  OnTarget chip("esb-zcu102", {1, 64, 64, 28, 28, 3, 3, 1, 1});
  const double macs = 64.0 * 64 * 784 * 9;
  EXPECT_EQ(chip.Figure("mac_units", "int4", "int4", "int4"), std::ceil(macs * 1000 / 200e6));
  chip.Set("samples_per_second", {1e-6});
  EXPECT_EQ(chip.Figure("mac_units", "int4", "int4", "int4"), 1);
  EXPECT_EQ(chip.Of(Quantity::kLuts, "int4", "int4", "int4"),
            chip.Figure("mac_luts", "int4", "int4", "int4"));
  EXPECT_NEAR(chip.Of(Quantity::kEnergyPj, "int4", "int4", "int4"),
              macs * 0.1 * chip.Figure("mac_luts", "int4", "int4", "int4"), 1);
  EXPECT_EQ(chip.Figure("mac_luts", "float32", "int4", "int4"), 700);
}

TEST(Finnr, CountsTablesByTheFormula) {
  OnTarget chip("finnr-zcu104", kConv);
  chip.Set("samples_per_second", {1e-6});  // one lane
  EXPECT_EQ(chip.Figure("pe", "int4", "int2", "int4"), 1);
  EXPECT_NEAR(chip.Of(Quantity::kLuts, "int4", "int2", "int4"), 300 + 1.1 * 8, 1e-9);
  EXPECT_EQ(chip.Of(Quantity::kDsps, "int4", "int2", "int4"), 0);
  EXPECT_EQ(chip.Of(Quantity::kDsps, "int8", "int8", "int4"), 1);
  chip.Set("samples_per_second", {1e9});  // all of them
  EXPECT_EQ(chip.Figure("pe", "int4", "int2", "int4") * chip.Figure("simd", "int4", "int2", "int4"),
            64 * 288);
}

TEST(Finnr, KeepsUpWithTheFewestLanes) {
  OnTarget chip("finnr-zcu104", kConv);
  chip.Set("samples_per_second", {100});
  // 4718592 multiply-accumulates, 2000000 cycles a sample: 3 lanes and no fewer; 3 divides 288.
  EXPECT_EQ(chip.Figure("simd", "int4", "int4", "int4"), 3);
  EXPECT_EQ(chip.Figure("pe", "int4", "int4", "int4"), 1);
  EXPECT_EQ(chip.Figure("cycles", "int4", "int4", "int4"), 4718592 / 3);
}

TEST(Finnr, PacksWeightsIntoBlockMemories) {
  OnTarget chip("finnr-zcu104", {1, 64, 288, 16, 16, 1, 1, 1, 1});
  chip.Set("samples_per_second", {1e-6});
  // 18432 words of 1, 2, 4, 8 and 16 bits.
  const std::pair<const char*, double> kMemories[] = {
      {"uint1", 2}, {"uint2", 3}, {"uint4", 5}, {"uint8", 9}, {"fp16", 18}};
  for (const auto& [format, blocks] : kMemories)
    EXPECT_EQ(chip.Of(Quantity::kBrams, "int4", format, "int4"), blocks) << format;
}

TEST(Bitq, MovesLessWithFewerBits) {
  const OnTarget chip("bitq-i7-10700f", {1, 64, 64, 56, 56, 3, 3, 1, 1});
  double before = 0;
  for (const char* format : {"int2", "int4", "int8", "fp16", "float32"}) {
    const double energy = chip.Of(Quantity::kEnergyPj, format, format, format);
    EXPECT_GT(energy, before) << format;
    before = energy;
  }
  // All of it at least comes from memory once: 20 pJ a bit.
  EXPECT_GE(chip.Of(Quantity::kEnergyPj, "int8", "int8", "int8"),
            20.0 * 8 * (64 * 56 * 56 * 3 + 64 * 64 * 9));
}

// What the models say of a whole network is the sum of the layers that multiply.
TEST(EveryTarget, GivesWhatItsModelNames) {
  const Graph graph = testing_cost::ResidualNetwork();
  const QuantTargets targets = FindTargets(graph).value();
  const QuantSpec spec = QuantSpec::Parse("int4").value();
  const std::vector<const QuantSpec*> specs(targets.tensors.size(), &spec);
  for (const CostTarget& target : BuiltInTargets()) {
    if (target.name == "host") continue;  // measures
    const LayerCosts costs = LayerCosts::Create(graph, targets, &target).value();
    const Cost total = costs.Total(specs);
    for (const Quantity quantity : target.model->gives) {
      ASSERT_TRUE(total[quantity].has_value()) << target.name;
      EXPECT_TRUE(std::isfinite(*total[quantity])) << target.name;
      EXPECT_GE(*total[quantity], 0) << target.name;
    }
    for (const QuantityInfo& info : Quantities())
      EXPECT_EQ(total[info.quantity].has_value(), costs.Gives(info.quantity)) << target.name;
    EXPECT_EQ(total, costs.Total(specs)) << target.name;  // what is kept is what was computed
  }
}

}  // namespace
}  // namespace bw
