// TensorFlow Lite's int8 layers against their references: the same bits.

#include <cmath>

#include "bitwright/runtime/onednn/against_reference.h"
#include "bitwright/runtime/onednn/tflite_codes.h"

namespace bw::kernels {
namespace {

using Ints = std::vector<std::int64_t>;

Tensor Codes(Shape shape, std::uint64_t seed) {
  Tensor codes(DType::kInt8, std::move(shape));
  Rng rng(seed);
  for (std::int8_t& code : codes.span<std::int8_t>())
    code = static_cast<std::int8_t>(static_cast<int>(rng.Below(256)) - 128);
  return codes;
}

Tensor Biases(std::int64_t count, std::int32_t most) {
  Tensor biases(DType::kInt32, {count});
  Rng rng(9);
  for (std::int32_t& bias : biases.span<std::int32_t>())
    bias = static_cast<std::int32_t>(rng.Uniform(-1.0, 1.0) * most);
  return biases;
}

Attributes Layer(std::int64_t channels, std::int64_t zero, const std::string& activation) {
  std::vector<float> scales;
  for (std::int64_t c = 0; c < channels; ++c)
    scales.push_back(std::exp2(-static_cast<float>(c % 12)) * 0.3F);
  Attributes attributes;
  attributes.Set("input_scale", 0.05F);
  attributes.Set("input_zero", zero);
  attributes.Set("output_scale", 2.5F);
  attributes.Set("output_zero", std::int64_t{-7});
  attributes.Set("weight_scales", scales);
  attributes.Set("activation", activation);
  return attributes;
}

void Check(const std::string& op, Tensor x, Tensor w, std::int64_t channels,
           const Attributes& attributes) {
  SCOPED_TRACE(op + " " + ShapeText(x.shape()) + " by " + ShapeText(w.shape()));
  Case test = MakeCase("Conv", {std::move(x), std::move(w), Biases(channels, 30000)}, attributes,
                       {false, true, true});
  test.node.op = FindOp(op, "bitwright");
  ExpectSameBits(test);
  test.inputs[2] = std::nullopt;
  test.node.inputs[2] = kNoValue;
  ExpectSameBits(test);
}

TEST(TfliteLayerKernels, ConvolutionsHaveTheBitsOfTheLaw) {
  for (const std::int64_t zero : {-128, 0, 3}) {
    for (const std::int64_t channels : {1, 3, 8, 17, 64}) {
      Attributes attributes = Layer(channels, zero, "relu6");
      Check("TfliteConv2D", Codes({2, 6, 7, channels}, 1), Codes({channels, 1, 1, channels}, 2),
            channels, attributes);
      attributes = Layer(channels, zero, "none");
      attributes.Set("pads", Ints{1, 0, 1, 2});
      attributes.Set("strides", Ints{2, 2});
      Check("TfliteConv2D", Codes({3, 9, 8, 5}, 3), Codes({channels, 3, 3, 5}, 4), channels,
            attributes);
    }
  }
}

TEST(TfliteLayerKernels, DepthwiseConvolutionsHaveTheBitsOfTheLaw) {
  for (const std::int64_t zero : {-128, 5}) {
    for (const std::int64_t channels : {1, 8, 24, 40}) {
      for (const std::int64_t multiple : {1, 2}) {
        Attributes attributes = Layer(channels * multiple, zero, "relu");
        attributes.Set("pads", Ints{1, 1, 1, 1});
        Check("TfliteDepthwiseConv2D", Codes({2, 7, 6, channels}, 1),
              Codes({1, 3, 3, channels * multiple}, 2), channels * multiple, attributes);
      }
    }
  }
}

TEST(TfliteLayerKernels, FullyConnectedLayersHaveTheBitsOfTheLaw) {
  for (const std::int64_t rows : {1, 5}) {
    Check("TfliteFullyConnected", Codes({rows, 70}, 1), Codes({13, 70}, 2), 13,
          Layer(13, -3, "none"));
    Check("TfliteFullyConnected", Codes({rows, 70}, 1), Codes({13, 70}, 2), 13,
          Layer(1, -3, "relu"));
  }
}

TEST(TfliteSumKernels, HaveTheBitsOfTheLaw) {
  for (const std::string op : {"TfliteAdd", "TfliteSub"}) {
    for (const float scale : {0.01F, 0.2F, 3.0F}) {
      Attributes attributes = Layer(1, 4, "relu6");
      attributes.Set("other_scale", scale);
      attributes.Set("other_zero", std::int64_t{-9});
      attributes.Set("output_scale", 0.07F);
      Case test = MakeCase("Add", {Codes({3, 997}, 1), Codes({3, 997}, 2)}, attributes);
      test.node.op = FindOp(op, "bitwright");
      ExpectSameBits(test);
    }
  }
}

TEST(TfliteQuantizeKernel, HasTheBitsOfTheLawOnTiesAndBeyondTheCodes) {
  std::vector<float> x;
  for (int i = -1100; i < 1100; ++i) {
    const float tie = static_cast<float>(i) * 0.25F;
    x.insert(x.end(), {tie, std::nextafter(tie, 1e9F), std::nextafter(tie, -1e9F)});
  }
  x.insert(x.end(), {1e30F, -1e30F, std::numeric_limits<float>::quiet_NaN(), -0.0F});
  for (const std::string to : {"int8", "uint8"}) {
    for (const float scale : {0.5F, 0.3F}) {
      Attributes attributes;
      attributes.Set("to", to);
      attributes.Set("output_scale", scale);
      attributes.Set("output_zero", std::int64_t{3});
      Case test = MakeCase("Relu", {Tensor::From<float>({static_cast<std::int64_t>(x.size())}, x)},
                           attributes);
      test.node.op = FindOp("TfliteQuantize", "bitwright");
      ExpectSameBits(test);
    }
  }
}

// Sums that no layer of that size gives, multipliers of all sizes.
TEST(TfliteCodes, AreTheLawsForEverySum) {
  for (const double scale : {1e-12, 1e-9, 3e-5, 0.7, 1.0, 40.0}) {
    Node node;
    node.attributes = Layer(16, 0, "none");
    node.attributes.Set("input_scale", static_cast<float>(scale));
    const Tensor bias = Biases(16, 2000000000);
    const ConstTensorRef ref = bias;
    const ops::tflite::Requantizer law(node, 16, &ref, ops::tflite::Requantizer::Product::kDouble);
    Rng rng(3);
    std::vector<std::int32_t> sums;
    for (int i = 0; i < 16 * 500; ++i) {
      sums.push_back(static_cast<std::int32_t>(
          std::ldexp(rng.Uniform(-1.0, 1.0), static_cast<int>(rng.Below(32)))));
    }
    sums.insert(sums.end(), 16, std::numeric_limits<std::int32_t>::min());
    sums.insert(sums.end(), 16, std::numeric_limits<std::int32_t>::max());
    std::vector<std::int8_t> codes(sums.size());
    TfliteCodes(law).Take(sums.data(), sums.size() / 16, codes.data());
    for (std::size_t i = 0; i < sums.size(); ++i)
      ASSERT_EQ(codes[i], law(static_cast<std::int64_t>(i % 16), sums[i])) << sums[i];
  }
}

}  // namespace
}  // namespace bw::kernels
