#include "bitwright/tune/judge.h"

#include <gtest/gtest.h>

#include "bitwright/data/metric.h"

namespace bw {
namespace {

Evaluation Expecting(double drop) {
  Evaluation evaluation;
  evaluation.expected_drop = drop;
  return evaluation;
}

TEST(UnseenDrop, ALuckyCountIsNotBelieved) {
  EXPECT_EQ(UnseenDrop(*FindMetric("top1"), -0.02, Expecting(0.004)), 0.004);
}

TEST(UnseenDrop, AnUnluckyCountIsBelievedByHalf) {
  EXPECT_NEAR(UnseenDrop(*FindMetric("top1"), 0.010, Expecting(0.004)), 0.007, 1e-12);
}

TEST(UnseenDrop, WhereNothingIsExpectedTheCountStands) {
  EXPECT_EQ(UnseenDrop(*FindMetric("auc"), -0.02, Expecting(0)), -0.02);
}

}  // namespace
}  // namespace bw
