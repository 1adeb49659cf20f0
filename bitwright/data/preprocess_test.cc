#include "bitwright/data/preprocess.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace bw {
namespace {

using Floats = std::vector<float>;

void ExpectMessage(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
}

std::string JsonError(const std::string& json) {
  const auto got = Preprocess::FromJson(json, "pre.json");
  return got ? "no error" : got.error().message;
}

Preprocess Settled() {
  Preprocess preprocess;
  preprocess.stored_layout = "nchw";
  return preprocess;
}

Floats Rows(const Tensor& sample, const Preprocess& preprocess) {
  const auto plan = PlanRows(sample.type(), preprocess);
  EXPECT_TRUE(plan.has_value()) << (plan ? "" : plan.error().message);
  if (!plan) return {};
  Floats out(static_cast<std::size_t>(plan->elements()));
  TransformSample(sample, preprocess, out);
  return out;
}

std::string PlanError(const Shape& shape, const Preprocess& preprocess) {
  const auto plan = PlanRows({DType::kFloat32, shape}, preprocess);
  return plan ? "no error" : plan.error().message;
}

Tensor Counting(const Shape& shape) {
  Tensor tensor(DType::kUint8, shape);
  std::uint8_t next = 0;
  for (std::uint8_t& value : tensor.span<std::uint8_t>()) value = next++;
  return tensor;
}

TEST(PreprocessJson, EveryNameIsRead) {
  const auto got = Preprocess::FromJson(
      R"({"resize": 256, "center_crop": 224, "color": "bgr", "scale": "1/255", "mean": [1, 2, 3], "std": 4,
          "layout": "nhwc", "stored_layout": "nchw", "window": 5})",
      "pre.json");
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_EQ(got->resize, 256);
  EXPECT_EQ(got->center_crop, 224);
  EXPECT_EQ(got->color, "bgr");
  EXPECT_EQ(got->scale, 1.0 / 255.0);
  EXPECT_EQ(got->mean, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(got->std, (std::vector<double>{4}));
  EXPECT_EQ(got->layout, "nhwc");
  EXPECT_EQ(got->stored_layout, "nchw");
  EXPECT_EQ(got->window, 5);
}

TEST(PreprocessJson, EmptyObjectIsTheDefault) {
  const auto got = Preprocess::FromJson(R"({"resize": null})", "pre.json");
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->ToJson(), Preprocess().ToJson());
  EXPECT_EQ(got->resize, std::nullopt);
}

RC_GTEST_PROP(PreprocessJson, WrittenTextReadsBackTheSame, ()) {
  Preprocess p;
  if (*rc::gen::arbitrary<bool>()) p.resize = *rc::gen::inRange(1, 512);
  if (*rc::gen::arbitrary<bool>()) p.center_crop = *rc::gen::inRange(1, 512);
  p.color = *rc::gen::element<std::string>("rgb", "bgr");
  p.layout = *rc::gen::element<std::string>("nchw", "nhwc");
  p.stored_layout = *rc::gen::element<std::string>("", "nchw", "nhwc");
  p.scale = 1.0 / *rc::gen::inRange(1, 1000);
  p.mean = {0.1 * *rc::gen::inRange(0, 1000), 2, 3};
  p.std = {1.0 / *rc::gen::inRange(1, 1000)};
  p.window = *rc::gen::inRange(0, 9);
  const auto got = Preprocess::FromJson(p.ToJson(), "pre.json");
  RC_ASSERT(got.has_value());
  RC_ASSERT(got->resize == p.resize && got->center_crop == p.center_crop && got->color == p.color);
  RC_ASSERT(got->scale == p.scale && got->mean == p.mean && got->std == p.std);
  RC_ASSERT(got->layout == p.layout && got->stored_layout == p.stored_layout &&
            got->window == p.window);
}

TEST(PreprocessJson, BadTextsAreRefusedByWhatIsWrong) {
  ExpectMessage(JsonError(R"({"colour": "rgb"})"),
                "pre.json: unknown name 'colour'; nearest is 'color', allowed are resize ");
  ExpectMessage(JsonError("{"), "pre.json: not JSON, an error at byte 2");
  ExpectMessage(JsonError("[]"), "pre.json: not a JSON object, array");
  ExpectMessage(
      JsonError(R"({"scale": "1/x"})"),
      "'scale' is not a number, 'x', a number or a fraction such as \"1/255\" is allowed");
  ExpectMessage(JsonError(R"({"scale": ""})"), "'scale' is not a number, ''");
  ExpectMessage(JsonError(R"({"scale": [1]})"), "'scale' is not a number, [1]");
  ExpectMessage(JsonError(R"({"scale": "1/0"})"), "'scale' is inf");
  ExpectMessage(JsonError(R"({"mean": []})"),
                "'mean' is [], a list of one number for each channel is allowed");
  ExpectMessage(JsonError(R"({"std": ["a"]})"), "'std' is [\"a\"], a list");
  ExpectMessage(JsonError(R"({"std": [1, 0]})"),
                "'std' is [1, 0], finite numbers other than 0 are allowed");
  ExpectMessage(JsonError(R"({"resize": 0})"), "'resize' is 0, 1 to 16384 pixels are allowed");
  ExpectMessage(JsonError(R"({"resize": 1.5})"),
                "'resize' is 1.5, an integer from 0 to 16384 is allowed");
  ExpectMessage(JsonError(R"({"center_crop": "big"})"), "'center_crop' is \"big\", an integer");
  ExpectMessage(JsonError(R"({"center_crop": 1e30})"), "'center_crop' is 1e+30, an integer");
  ExpectMessage(JsonError(R"({"window": -1})"), "'window' is -1, an integer from 0");
  ExpectMessage(JsonError(R"({"color": "red"})"), "'color' is 'red', 'rgb' or 'bgr' is allowed");
  ExpectMessage(JsonError(R"({"color": 1})"), "'color' is 1, a text is allowed");
  ExpectMessage(JsonError(R"({"layout": "chw"})"),
                "'layout' is 'chw', 'nchw' or 'nhwc' is allowed");
  ExpectMessage(JsonError(R"({"stored_layout": "x"})"), "'stored_layout' is 'x'");
}

TEST(CheckPreprocess, NegativeWindowFromCodeIsRefused) {
  Preprocess preprocess;
  preprocess.window = -1;
  ExpectMessage(CheckPreprocess(preprocess, "here").error().message,
                "here: 'window' is -1, 0 or more frames");
}

TEST(Transform, ScaleThenMeanThenStdRoundedOnce) {
  Preprocess p = Settled();
  p.scale = 1.0 / 255.0;
  p.mean = {0.485, 0.456, 0.406};
  p.std = {0.229, 0.224, 0.225};
  const Floats got = Rows(Counting({3, 1, 2}), p);
  const double mean[] = {0.485, 0.485, 0.456, 0.456, 0.406, 0.406};
  const double deviation[] = {0.229, 0.229, 0.224, 0.224, 0.225, 0.225};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(got[i], static_cast<float>((static_cast<double>(i) * (1.0 / 255.0) - mean[i]) /
                                         deviation[i]));
  }
}

TEST(Transform, BgrReversesChannelsBeforeMean) {
  Preprocess p = Settled();
  p.color = "bgr";
  p.mean = {100, 10, 1};
  EXPECT_EQ(Rows(Counting({3, 1, 1}), p), (Floats{2 - 100, 1 - 10, 0 - 1}));
}

TEST(Transform, LayoutsConvertBothWays) {
  Preprocess p = Settled();
  p.layout = "nhwc";
  EXPECT_EQ(Rows(Counting({2, 1, 3}), p), (Floats{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(PlanRows({DType::kUint8, {2, 1, 3}}, p)->row_shape, (Shape{1, 3, 2}));
  p.layout = "nchw";
  p.stored_layout = "nhwc";
  EXPECT_EQ(Rows(Counting({1, 3, 2}), p), (Floats{0, 2, 4, 1, 3, 5}));
  EXPECT_EQ(PlanRows({DType::kUint8, {1, 3, 2}}, p)->row_shape, (Shape{2, 1, 3}));
}

TEST(Transform, CropStartsAtHalfTheRestRoundedDown) {
  Preprocess p = Settled();
  p.center_crop = 2;
  EXPECT_EQ(Rows(Counting({1, 5, 4}), p), (Floats{5, 6, 9, 10}));
}

TEST(Transform, ShrinkingWidensTheTriangle) {
  Preprocess p = Settled();
  p.resize = 1;
  // Short side 1 of 2 x 4: 1 x 2. Columns 0, 1, 2 of weights .75 .75 .25 over 1.75; rows of equal
  // weight.
  const Floats got = Rows(Counting({1, 2, 4}), p);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_FLOAT_EQ(got[0], static_cast<float>(1.25 / 1.75 + 2));
  EXPECT_FLOAT_EQ(got[1], static_cast<float>((1 * .25 + 2 * .75 + 3 * .75) / 1.75 + 2));
}

// The two-dimensional filter by its definition, over all pixels.
double Oracle(const Tensor& image, double height, double width, double y, double x) {
  const auto in_height = static_cast<double>(image.shape()[1]);
  const auto in_width = static_cast<double>(image.shape()[2]);
  double sum = 0;
  double weights = 0;
  for (std::int64_t i = 0; i < image.size(); ++i) {
    const auto row = static_cast<double>(i / image.shape()[2]);
    const auto column = static_cast<double>(i % image.shape()[2]);
    const double dy =
        std::abs(row + 0.5 - (y + 0.5) * in_height / height) / std::max(1.0, in_height / height);
    const double dx =
        std::abs(column + 0.5 - (x + 0.5) * in_width / width) / std::max(1.0, in_width / width);
    const double weight = std::max(0.0, 1 - dy) * std::max(0.0, 1 - dx);
    sum += weight * image.span<std::uint8_t>()[static_cast<std::size_t>(i)];
    weights += weight;
  }
  return sum / weights;
}

RC_GTEST_PROP(Transform, ResizeIsTheNormalisedTriangleFilter, ()) {
  const auto height = *rc::gen::inRange<std::int64_t>(1, 9);
  const auto width = *rc::gen::inRange<std::int64_t>(1, 9);
  Preprocess p = Settled();
  p.resize = *rc::gen::inRange(1, 12);
  const Tensor image = Counting({1, height, width});
  const Shape shape = PlanRows(image.type(), p)->row_shape;
  RC_ASSERT(std::min(shape[1], shape[2]) == *p.resize);
  RC_ASSERT(std::max(shape[1], shape[2]) ==
            *p.resize * std::max(height, width) / std::min(height, width));
  const Floats got = Rows(image, p);
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double wanted =
        Oracle(image, static_cast<double>(shape[1]), static_cast<double>(shape[2]),
               static_cast<double>(static_cast<std::int64_t>(i) / shape[2]),
               static_cast<double>(static_cast<std::int64_t>(i) % shape[2]));
    RC_ASSERT(std::abs(got[i] - wanted) < 1e-4);
  }
}

TEST(Transform, WindowsAreConsecutiveFrames) {
  Preprocess p = Settled();
  p.window = 2;
  const auto plan = PlanRows({DType::kUint8, {4, 3}}, p);
  EXPECT_EQ(plan->rows, 3);
  EXPECT_EQ(plan->row_shape, Shape{6});
  EXPECT_EQ(Rows(Counting({4, 3}), p),
            (Floats{0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8, 6, 7, 8, 9, 10, 11}));
}

TEST(Transform, ArraysOfOtherRanksKeepTheirShape) {
  Preprocess p = Settled();
  p.mean = {1, 2};
  EXPECT_EQ(Rows(Counting({2, 2}), p), (Floats{-1, 0, 0, 1}));
  p.layout = "nhwc";
  EXPECT_EQ(Rows(Counting({2, 2}), p), (Floats{-1, -1, 1, 1}));
  p.mean = {5};
  EXPECT_EQ(Rows(Counting({}), p), Floats{-5});
  EXPECT_EQ(PlanRows({DType::kUint8, {2, 1, 2, 1}}, p)->row_shape, (Shape{2, 1, 2, 1}));
}

TEST(Plan, WhatDoesNotFitTheSamplesIsRefused) {
  Preprocess p = Settled();
  p.mean = {1, 2};
  ExpectMessage(
      PlanError({3, 4, 4}, p),
      "mean and std do not fit samples of shape [3,4,4], 2 and 1 values, 1 or 3 are allowed");
  p = Settled();
  p.center_crop = 5;
  ExpectMessage(
      PlanError({3, 4, 6}, p),
      "center_crop is larger than the image, 5 of 4x6, at most 4 is allowed; resize first");
  ExpectMessage(PlanError({4, 4}, p),
                "resize, center_crop and bgr do not fit samples of shape [4,4]");
  p = Settled();
  p.color = "bgr";
  ExpectMessage(PlanError({1, 4, 4}, p),
                "color is bgr but samples of shape [1,4,4] have 1 channels, bgr needs 3");
  p = Settled();
  p.window = 5;
  ExpectMessage(
      PlanError({4, 128}, p),
      "window is 5 but samples have shape [4,128], [T, F] with T of at least 5 is needed");
  ExpectMessage(PlanError({9, 9, 9}, p), "window is 5 but samples have shape [9,9,9]");
}

}  // namespace
}  // namespace bw
