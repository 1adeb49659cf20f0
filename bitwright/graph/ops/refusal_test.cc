#include <limits>

#include "bitwright/graph/ops/run_op.h"

namespace bw {
namespace {

const Tensor kImage = Count({1, 4, 5, 5});
const Tensor kLine = Count({1, 2, 5});
const Tensor kTwoThree = Count({2, 3});

Items One(const char* name, Attribute value) { return {{name, std::move(value)}}; }

struct Case {
  OneNode node;
  std::string message;
};

void Expect(const std::vector<Case>& cases) {
  for (const Case& one : cases) EXPECT_EQ(Refusal(one.node), one.message) << one.node.op;
}

TEST(Refusals, Counts) {
  Expect({
      {{"Relu", {}}, "input 0 is absent, the first 1 are required"},
      {{"Relu", {F({1}), F({1})}}, "there are 2 inputs, at most 1 allowed"},
      {{"Relu", {F({1})}, {}, 2}, "there are 2 outputs, 1 to 1 allowed"},
      {{"Add", {F({1}), std::nullopt}}, "input 1 is absent, the first 2 are required"},
      {{"Relu", {I({1})}}, "input 0 is int64, allowed: float32"},
      {{"Add", {I({1}), F({1})}},
       "input 1 is float32 but input 0 is int64, they must be of one type"},
      {{"Add", {F({1, 2}), F({1, 2, 3})}},
       "shapes [2] and [3] do not broadcast: extents 2 and 3 must be equal or 1"},
  });
}

TEST(Refusals, Convolution) {
  const Tensor w = Count({4, 4, 3, 3});
  Expect({
      {{"Conv", {kTwoThree, w}},
       "input is [2,3], it must have 3 to 5 axes: batch, channels, 1 to 3 spatial"},
      {{"Conv", {kImage, Count({4, 4, 3})}},
       "weights are [4,4,3] but input is [1,4,5,5], they must have the same rank"},
      {{"Conv", {kImage, w}, One("kernel_shape", Ints{5, 5})},
       "kernel_shape is [5,5] but weights are [4,4,3,3], they must agree"},
      {{"Conv", {kImage, w}, One("group", std::int64_t{3})},
       "group is 3 but input has 4 channels; channels must be a multiple of group"},
      {{"Conv", {kImage, w}, One("group", std::int64_t{0})},
       "group is 0 but input has 4 channels; channels must be a multiple of group"},
      {{"Conv", {kImage, w}, One("group", std::int64_t{2})},
       "weights [4,4,3,3] take 4 channels but input [1,4,5,5] has 2 in each of 2 groups"},
      {{"Conv", {kImage, Count({3, 2, 3, 3})}, One("group", std::int64_t{2})},
       "group is 2 but weights have 3 filters; filters must be a multiple of group"},
      {{"Conv", {kImage, w, F({1})}}, "bias is [1], weights with 4 filters need [4]"},
      {{"Conv", {kImage, w}, One("strides", Ints{1})}, "strides has 1 entries, 2 needed"},
      {{"Conv", {kImage, w}, One("strides", Ints{0, 1})},
       "strides is [0,1], entries must be 1 to 2^28"},
      {{"Conv", {kImage, w}, One("dilations", Ints{std::numeric_limits<std::int64_t>::max(), 1})},
       "dilations is [9223372036854775807,1], entries must be 1 to 2^28"},
      {{"Conv", {kImage, w}, One("pads", Ints{0, 0, -1, 0})},
       "pads is [0,0,-1,0], entries must be 0 to 2^28"},
      {{"Conv", {kImage, w}, One("auto_pad", std::string("SAME"))},
       "auto_pad is 'SAME', allowed: NOTSET, VALID, SAME_UPPER, SAME_LOWER"},
      {{"Conv", {kImage, Count({4, 4, 6, 3})}},
       "a window of 6 does not fit into 5 elements padded by 0 and 0"},
      {{"Conv", {kImage, Count({4, 4, 0, 3})}}, "kernel is [0,3], extents must be 1 to 2^28"},
  });
}

TEST(Refusals, TransposedConvolution) {
  Expect({
      {{"ConvTranspose", {kLine, kTwoThree}},
       "input is [1,2,5] and weights are [2,3], both must have the same 3 to 5 axes"},
      {{"ConvTranspose", {kLine, Count({3, 1, 2})}},
       "weights [3,1,2] take 3 channels but input [1,2,5] has 2, they must agree"},
      {{"ConvTranspose", {kLine, Count({2, 1, 2}), F({1, 2})}, One("group", std::int64_t{1})},
       "bias is [2], 1 filters in each of 1 groups need [1]"},
      {{"ConvTranspose", {kLine, Count({2, 1, 2})}, One("group", std::int64_t{3})},
       "group is 3 but input has 2 channels; channels must be a multiple of group"},
      {{"ConvTranspose", {kLine, Count({2, 1, 2})}, One("pads", Ints{3, 3})},
       "output would have 0 elements on spatial axis 0 for 5 inputs, at least 1 needed"},
  });
}

TEST(Refusals, Matrices) {
  Expect({
      {{"Gemm", {F({1}), kTwoThree}}, "inputs are [1] and [2,3], both must be matrices"},
      {{"Gemm", {kTwoThree, kTwoThree}},
       "inputs [2,3] (transA=0) and [2,3] (transB=0) do not multiply: inner extents 3 and 2"},
      {{"Gemm", {kTwoThree, Count({3, 4}), F({1, 2, 3})}},
       "input 2 (C) is [3], it must broadcast to [2,4]"},
      {{"MatMul", {kTwoThree, kTwoThree}},
       "inputs [2,3] and [2,3] do not multiply: inner extents 3 and 2 must agree"},
      {{"MatMul", {F({}, {1}), kTwoThree}}, "inputs are [] and [2,3], neither may be a scalar"},
      {{"MatMul", {Count({2, 2, 3}), Count({3, 3, 2})}},
       "shapes [2] and [3] do not broadcast: extents 2 and 3 must be equal or 1"},
  });
}

TEST(Refusals, PoolsAndReductions) {
  const Items kernel = One("kernel_shape", Ints{2});
  Items padded = kernel;
  padded["pads"] = Ints{2, 0};
  Expect({
      {{"MaxPool", {kTwoThree}, kernel},
       "input is [2,3], it must have 3 to 5 axes: batch, channels, 1 to 3 spatial"},
      {{"MaxPool", {kImage}, kernel},
       "kernel has 1 axes but the input has 2 spatial axes, they must agree"},
      {{"AveragePool", {kLine}, padded},
       "pads are 2 and 0 for a window of 2, they must be smaller"},
      {{"MaxPool", {kLine}, kernel, 3}, "there are 3 outputs, 1 to 2 allowed"},
      {{"GlobalAveragePool", {kTwoThree}},
       "input is [2,3], it needs at least 3 axes: batch, channels, spatial"},
      {{"GlobalMaxPool", {Count({1, 2, 0})}},
       "input is [1,2,0], its spatial extents must not be 0"},
      {{"ReduceMean", {kTwoThree}, One("axes", Ints{2})},
       "axis is 2 but the rank is 2, allowed are -2 to 1"},
      {{"ReduceMean", {kTwoThree}, One("axes", Ints{1, -1})},
       "axes [1,-1] name one axis twice, each may stand once"},
      {{"Softmax", {kTwoThree}, One("axis", std::int64_t{2})},
       "axis is 2 but the rank is 2, allowed are -2 to 1"},
  });
}

TEST(Refusals, Elementwise) {
  const Tensor two = F({1, 2});
  Expect({
      {{"Clip", {kTwoThree, two}}, "input 1 (min) is [2], it must be a scalar"},
      {{"PRelu", {kTwoThree, two}}, "slope is [2], it must broadcast to the input [2,3]"},
      {{"BatchNormalization", {kTwoThree, two, two, two, two}},
       "input 1 (scale) is [2], an input of 3 channels needs [3]"},
      {{"BatchNormalization", {two, two, two, two, two}},
       "input is [2], it needs at least 2 axes: batch, channels"},
      {{"BatchNormalization",
        {Count({1, 2}), two, two, two, two},
        One("training_mode", std::int64_t{1})},
       "training_mode is 1, allowed is 0 (inference)"},
      {{"LRN", {kLine}}, "size is 0, it must be 1 to 2^34"},
      {{"Cast", {two}, One("to", std::int64_t{11})},
       "to is data type 11, allowed: 1 (float), 2 (uint8), 3 (int8), 6 (int32), 7 (int64), 9 "
       "(bool)"},
      {{"Where", {two, two, two}}, "input 0 is float32, allowed: bool"},
      {{"Dropout", {two, std::nullopt, two}}, "input 2 is float32, allowed: bool"},
  });
}

TEST(Refusals, Movement) {
  const Items axis1 = One("axis", std::int64_t{1});
  Expect({
      {{"Concat", {kTwoThree, kTwoThree}}, "attribute axis is absent, it is required"},
      {{"Concat", {kTwoThree, Count({3, 3})}, axis1},
       "input 1 is [3,3] but input 0 is [2,3], they may differ on axis 1 only"},
      {{"Split", {kTwoThree}, axis1, 2},
       "an extent of 3 does not divide into 2 equal parts; give the parts as input 1"},
      {{"Split", {kTwoThree, I({1, 1})}, axis1, 2},
       "split is [1,1], it must have 2 parts that add up to 3"},
      {{"Split", {kTwoThree, I({-1, 4})}, axis1, 2},
       "split is [-1,4], it must have 2 parts that add up to 3"},
      {{"Slice", {kTwoThree, I({0}), I({1, 2})}},
       "starts, ends, axes and steps have 1, 2, 1 and 1 entries, they must agree"},
      {{"Slice", {kTwoThree, I({0}), I({1}), I({0}), I({0})}},
       "steps are [0], a step must not be 0"},
      {{"Pad", {kTwoThree, I({1, 1})}}, "pads are [1,1], an input of rank 2 needs 4 entries"},
      {{"Pad", {F({1, 2}), I({2, 0})}, One("mode", std::string("reflect"))},
       "pads are 2 and 0 on an axis of 2, reflection needs fewer"},
      {{"Pad", {F({1, 2}), I({-2, -1})}},
       "pads are -2 and -1 on an axis of 2, less than nothing would be left"},
      {{"Pad", {F({1, 2}), I({0, 0})}, One("mode", std::string("round"))},
       "mode is 'round', allowed: constant, reflect, edge, wrap"},
      {{"Reshape", {kTwoThree, I({-1, -1})}}, "shape has 2 entries of -1, at most one allowed"},
      {{"Reshape", {kTwoThree, I({-2, 3})}}, "shape is [-2,3], entries must be -1 or more"},
      {{"Reshape", {kTwoThree, I({4, -1})}},
       "input [2,3] has 6 elements, they do not fit shape [4,?]"},
      {{"Reshape", {kTwoThree, I({2, 3, 0})}},
       "shape entry 2 is 0 but input is [2,3]; 0 copies an extent of the input"},
      {{"Flatten", {kTwoThree}, One("axis", std::int64_t{3})},
       "axis is 3 but the rank is 2, allowed are -2 to 2"},
      {{"Squeeze", {kTwoThree, I({0})}},
       "axis 0 of input [2,3] has extent 2, only an extent of 1 can be dropped"},
      {{"Unsqueeze", {kTwoThree, I({3})}}, "axis is 3 but the rank is 3, allowed are -3 to 2"},
      {{"Transpose", {kTwoThree}, One("perm", Ints{0, 0})},
       "perm is [0,0], an input of rank 2 needs each axis from 0 once"},
      {{"Gather", {kTwoThree, I({2})}}, "index 2 on axis 0 of input [2,3], allowed are -2 to 1"},
      {{"ConstantOfShape", {I({1})}, One("value", F({1, 2}))},
       "value is [2], it must have one element"},
      {{"Constant", {}},
       "it has no value; allowed attributes: value, value_float, value_floats, value_int, "
       "value_ints"},
      {{"Reshape", {kTwoThree, I({6})}, {}, 1, 1},
       "input 1 (shape) is computed from data, it must be a constant or follow from shapes"},
      {{"Reshape", {kTwoThree, F({6})}}, "input 1 is float32, allowed: int32, int64"},
      {{"Reshape", {kTwoThree, I({1, 1}, {6})}}, "input 1 (shape) is [1,1], allowed is a vector"},
  });
}

TEST(Refusals, Resize) {
  const auto none = std::nullopt;
  Expect({
      {{"Resize", {kTwoThree}}, "none of scales and sizes are given, exactly one is needed"},
      {{"Resize", {kTwoThree, none, F({1, 2}), I({2, 3})}},
       "both of scales and sizes are given, exactly one is needed"},
      {{"Resize", {kTwoThree, none, F({1})}}, "scales has 1 entries, an input of rank 2 needs 2"},
      {{"Resize", {kTwoThree, none, F({1, -1})}},
       "scale -1 on axis 1 of [2,3], it must be positive and give at most 2^34 elements"},
      {{"Resize", {kTwoThree, none, F({1, 1e30F})}},
       "scale 1e+30 on axis 1 of [2,3], it must be positive and give at most 2^34 elements"},
      {{"Resize", {kTwoThree, none, none, I({1})}},
       "sizes has 1 entries, an input of rank 2 needs 2"},
      {{"Resize", {kTwoThree, none, F({1, 2})}, One("mode", std::string("square"))},
       "mode is 'square', allowed: nearest, linear, cubic"},
      {{"Resize",
        {kTwoThree, none, F({1, 2})},
        One("coordinate_transformation_mode", std::string("tf_crop_and_resize"))},
       "roi must be float32 with 4 elements for tf_crop_and_resize"},
  });
}

TEST(Refusals, Losses) {
  Expect({{{"NegativeLogLikelihoodLoss", {kTwoThree, I({0, 1}), I({1, 1, 1})}},
           "input 2 is int64, allowed: float32"}});
}

TEST(Refusals, ZeroPoints) {
  const Tensor codes(DType::kUint8, {2, 2});
  for (const char* op : {"MatMulInteger", "ConvInteger"}) {
    Expect({{{op, {codes, codes, F({1})}}, "input 2 is float32, allowed: uint8, int8"}});
  }
}

TEST(Refusals, FakeQuantize) {
  const auto refusal = [](const char* spec, float scale, std::int64_t zero) {
    const Items items = {{"spec", std::string(spec)}, {"scale", scale}, {"zero", zero}};
    return Refusal({"FakeQuantize", {F({1})}, items, 1, 99, "bitwright"});
  };
  EXPECT_EQ(refusal("int4", 0, 0), "scale is 0, it must be positive and finite");
  EXPECT_EQ(refusal("int4", 1, 3), "zero is 3 for spec 'int4', allowed: 0");
  EXPECT_EQ(refusal("uint4:asym", 1, 16), "zero is 16 for spec 'uint4:asym', allowed: 0 to 15");
  EXPECT_EQ(
      refusal("int4:c0", 1, 0),
      "spec is 'int4:c0', only one scale for the whole tensor, or blocks under e8m0 or two levels "
      "are allowed");
  EXPECT_NE(refusal("nonsense", 1, 0), "accepted");
}

}  // namespace
}  // namespace bw
