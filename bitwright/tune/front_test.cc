#include "bitwright/tune/front.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bw {
namespace {

FrontPoint Point(double accuracy, double bytes, double bit_ops) {
  FrontPoint point;
  point.plan.network = "0011223344556677";
  point.plan.tensors.emplace(
      "w", TensorPlan{QuantSpec::Parse("int4:c0:fp16").value(), "mse", std::nullopt});
  point.accuracy = accuracy;
  point.objective = bytes;
  point.cost[Quantity::kBytes] = bytes;
  point.cost[Quantity::kBitOps] = bit_ops;
  return point;
}

Front Sample() {
  Front front;
  front.metric = "top1";
  front.objective = "bytes";
  front.percent = true;
  front.samples = 500;
  front.float_accuracy = 0.9;
  front.max_drop = 0.01;
  front.float_cost = Point(0.9, 400, 800).cost;
  front.points = {Point(0.89, 50, 90), Point(0.9, 80, 200), Point(0.85, 30, 100),
                  Point(0.88, 60, 300)};
  front.points[0].chosen = front.points[0].allowed = true;
  return front;
}

TEST(IsOnFront, IsWhereNoOtherIsBetter) {
  const Front front = Sample();
  const auto on = [&](std::size_t p, Quantity q) { return IsOnFront(front, p, q); };
  EXPECT_TRUE(on(0, Quantity::kBytes));
  EXPECT_TRUE(on(1, Quantity::kBytes));
  EXPECT_TRUE(on(2, Quantity::kBytes));
  EXPECT_FALSE(on(3, Quantity::kBytes));
  EXPECT_FALSE(on(2, Quantity::kBitOps));
  EXPECT_FALSE(on(0, Quantity::kLuts));  // not known
}

TEST(Thinned, KeepsTheFrontsInOrderOfTheObjective) {
  const Front front = Thinned(Sample());
  ASSERT_EQ(front.points.size(), 3U);
  EXPECT_EQ(front.points[0].objective, 30);
  EXPECT_EQ(front.points[2].objective, 80);
}

TEST(Front, ReadsWhatItWrites) {
  const Front front = Thinned(Sample());
  const std::string json = FrontToJson(front);
  const Expected<Front> read = FrontFromJson(json, "pareto.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(FrontToJson(*read), json);
  EXPECT_EQ(PlanToJson(read->points[1].plan), PlanToJson(front.points[1].plan));
}

TEST(Front, RefusesOtherJson) {
  for (const char* text : {"", "[]", "{}", "{\"bitwright_front\": 2}"}) {
    const auto front = FrontFromJson(text, "here.json");
    ASSERT_FALSE(front.has_value()) << text;
    EXPECT_TRUE(front.error().message.starts_with("here.json: ")) << front.error().message;
  }
}

TEST(Front, IsATableToo) {
  const std::string csv = FrontToCsv(Thinned(Sample()));
  EXPECT_TRUE(
      csv.starts_with("point,accuracy,drop,divergence,objective,allowed,chosen,bytes,bit_ops\n"
                      "1,0.85,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 4);
}

TEST(Front, IsAPictureWithAPanelForEachCost) {
  const std::string svg = FrontToSvg(Thinned(Sample()));
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  std::size_t panels = 0;
  for (std::size_t at = svg.find("<g "); at != std::string::npos; at = svg.find("<g ", at + 1))
    ++panels;
  EXPECT_EQ(panels, 2U);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(PickPoint, TakesNumbersAndDemands) {
  const Front front = Thinned(Sample());
  const auto pick = [&](const char* text) { return PickPoint(front, text).value(); };
  EXPECT_EQ(pick("1"), 0U);
  EXPECT_EQ(pick("3"), 2U);
  EXPECT_EQ(pick("bytes<=60"), 1U);    // the most accurate
  EXPECT_EQ(pick("drop<=1.01%"), 1U);  // the least bytes
  EXPECT_EQ(pick("drop<=6%,bit_ops<95"), 1U);
  EXPECT_EQ(pick("bytes<=1k"), 2U);
}

TEST(PickPoint, RefusesWhatIsNotThere) {
  const Front front = Thinned(Sample());
  const auto refusal = [&](const char* text) {
    const auto point = PickPoint(front, text);
    return point ? "accepted" : point.error().message;
  };
  EXPECT_EQ(refusal("4"), "there is no point 4, the front has 1 to 3");
  EXPECT_EQ(refusal("0"), "there is no point 0, the front has 1 to 3");
  EXPECT_EQ(refusal("bytes<=1"),
            "none of the front's 3 points meets 'bytes<=1'; pareto.csv lists them");
  EXPECT_NE(refusal("byte<=1").find("nearest is 'bytes'"), std::string::npos);
  EXPECT_NE(refusal("luts<=5").find("none of the front's"), std::string::npos);
}

}  // namespace
}  // namespace bw
