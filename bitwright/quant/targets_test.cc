#include "bitwright/quant/targets.h"

#include <gtest/gtest.h>

#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Attrs;
using testing_networks::Network;
using testing_networks::Pads;
using testing_networks::Random;

QuantTargets Find(const Graph& graph) {
  Expected<QuantTargets> targets = FindTargets(graph);
  EXPECT_TRUE(targets.has_value()) << (targets ? "" : targets.error().message);
  return std::move(targets).value();
}

// "W name[shape]" or "A name[shape]", in order.
std::vector<std::string> Lines(const QuantTargets& targets) {
  std::vector<std::string> lines;
  for (const QuantTarget& target : targets.tensors) {
    EXPECT_EQ(target.elements, ElementCount(target.shape));
    lines.push_back((target.kind == TargetKind::kWeight ? "W " : "A ") + target.name +
                    ShapeText(target.shape));
  }
  return lines;
}

using Names = std::vector<std::string>;

// x -> conv, relu -> conv, + x -> relu -> mean -> scores
TEST(FindTargets, OfAResidualBlock) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4, 6, 6});
  const ValueId a = net.Op("Relu", {net.Conv(x, "a", {4, 4, 3, 3}, 1)}, "ra");
  const ValueId b = net.Conv(a, "b", {4, 4, 3, 3}, 2);
  const ValueId r = net.Op("Relu", {net.Op("Add", {b, x}, "sum")}, "r");
  const ValueId flat = net.Op("Flatten", {net.Op("GlobalAveragePool", {r}, "mean")}, "flat");
  const QuantTargets targets = Find(net.Finish({net.Linear(flat, "scores", 10, 4, 3)}));
  EXPECT_EQ(Lines(targets),
            (Names{"A x[1,4,6,6]", "W a.w[4,4,3,3]", "A ra[1,4,6,6]", "W b.w[4,4,3,3]",
                   "A r[1,4,6,6]", "A mean[1,4,1,1]", "W scores.w[10,4]"}));
  EXPECT_EQ(targets.float_weight_elements, 10);      // the bias
  EXPECT_EQ(targets.float_activation_elements, 10);  // the scores
  EXPECT_EQ(targets.Of(TargetKind::kWeight), (std::vector<std::size_t>{1, 3, 6}));
  EXPECT_EQ(targets.Of(TargetKind::kActivation), (std::vector<std::size_t>{0, 2, 4, 5}));
}

// Only the convolution computed last is added to in place; the other must be kept until then.
TEST(FindTargets, OfAResidualBlockWithAConvolutionInTheShortcut) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4, 6, 6});
  const ValueId side = net.Conv(x, "side", {8, 4, 1, 1}, 1);
  const ValueId main = net.Conv(x, "main", {8, 4, 3, 3}, 2);
  const ValueId r = net.Op("Relu", {net.Op("Add", {main, side}, "sum")}, "r");
  const QuantTargets targets = Find(net.Finish({net.Conv(r, "last", {2, 8, 1, 1}, 3)}));
  EXPECT_EQ(Lines(targets), (Names{"A x[1,4,6,6]", "W side.w[8,4,1,1]", "A side[1,8,6,6]",
                                   "W main.w[8,4,3,3]", "A r[1,8,6,6]", "W last.w[2,8,1,1]"}));
  EXPECT_EQ(targets.float_activation_elements, 2 * 36);
}

TEST(FindTargets, OfADepthwiseConvolution) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4, 6, 6});
  const ValueId depthwise = net.Conv(x, "dw", {4, 1, 3, 3}, 1, 4);
  const ValueId point = net.Conv(net.Op("Relu", {depthwise}, "r"), "pw", {8, 4, 1, 1}, 2);
  const QuantTargets targets = Find(net.Finish({point}));
  EXPECT_EQ(Lines(targets),
            (Names{"A x[1,4,6,6]", "W dw.w[4,1,3,3]", "A r[1,4,6,6]", "W pw.w[8,4,1,1]"}));
  EXPECT_EQ(targets.tensors[1].axes.channel, 0);
}

TEST(FindTargets, ConcatenationAndMaximumPoolingStoreNothingNew) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4, 6, 6});
  const ValueId a = net.Op("Relu", {net.Conv(x, "a", {4, 4, 3, 3}, 1)}, "ra");
  const ValueId b = net.Conv(x, "b", {2, 4, 1, 1}, 2);
  const ValueId both = net.Op("Concat", {a, b}, "both", Attrs({{"axis", std::int64_t{1}}}));
  Attributes window = Pads(0);
  window.Set("kernel_shape", std::vector<std::int64_t>{2, 2});
  window.Set("strides", std::vector<std::int64_t>{2, 2});
  const ValueId most = net.Op("MaxPool", {both}, "most", window);
  const ValueId mean = net.Op("AveragePool", {most}, "mean", window);
  const QuantTargets targets = Find(net.Finish({net.Conv(mean, "last", {2, 6, 1, 1}, 3)}));
  EXPECT_EQ(Lines(targets),
            (Names{"A x[1,4,6,6]", "W a.w[4,4,3,3]", "A ra[1,4,6,6]", "W b.w[2,4,1,1]",
                   "A b[1,2,6,6]", "A mean[1,6,1,1]", "W last.w[2,6,1,1]"}));
}

TEST(FindTargets, CountsASharedWeightOnce) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4, 6, 6});
  const ValueId w = net.Constant("w", Random({4, 4, 3, 3}, 1));
  const ValueId a = net.Op("Relu", {net.Op("Conv", {x, w}, "a", Pads(1))}, "ra");
  const QuantTargets targets = Find(net.Finish({net.Op("Conv", {a, w}, "b", Pads(1))}));
  EXPECT_EQ(Lines(targets), (Names{"A x[1,4,6,6]", "W w[4,4,3,3]", "A ra[1,4,6,6]"}));
  EXPECT_EQ(targets.float_weight_elements, 0);
}

// c is read by the gate and by the product, so it is kept; the gate is consumed on the spot.
TEST(FindTargets, OfAGate) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4, 6, 6});
  const ValueId c = net.Conv(x, "c", {4, 4, 3, 3}, 1);
  const ValueId gated = net.Op("Mul", {c, net.Op("Sigmoid", {c}, "gate")}, "gated");
  const QuantTargets targets = Find(net.Finish({net.Conv(gated, "last", {2, 4, 1, 1}, 2)}));
  EXPECT_EQ(Lines(targets), (Names{"A x[1,4,6,6]", "W c.w[4,4,3,3]", "A c[1,4,6,6]",
                                   "A gated[1,4,6,6]", "W last.w[2,4,1,1]"}));
}

// What only reaches the output through Softmax and reshaping is a result, not an activation.
TEST(FindTargets, ScoresBeforeSoftmaxStayFloat) {
  Network net;
  const ValueId x = net.Input("x", {-1, 8});
  const ValueId hidden = net.Op("Relu", {net.Linear(x, "h", 6, 8, 1)}, "rh");
  const ValueId p = net.Op("Softmax", {net.Linear(hidden, "scores", 3, 6, 2)}, "p");
  const QuantTargets targets = Find(net.Finish({p}));
  EXPECT_EQ(Lines(targets), (Names{"A x[1,8]", "W h.w[6,8]", "A rh[1,6]", "W scores.w[3,6]"}));
  EXPECT_EQ(targets.float_weight_elements, 6 + 3);
  EXPECT_EQ(targets.float_activation_elements, 3 + 3);  // the scores and the probabilities
}

TEST(FindTargets, AnOutputInTheMiddleStaysFloat) {
  Network net;
  const ValueId x = net.Input("x", {-1, 4, 6, 6});
  const ValueId a = net.Op("Relu", {net.Conv(x, "a", {4, 4, 3, 3}, 1)}, "ra");
  const QuantTargets targets = Find(net.Finish({a, net.Conv(a, "b", {2, 4, 1, 1}, 2)}));
  EXPECT_EQ(Lines(targets), (Names{"A x[1,4,6,6]", "W a.w[4,4,3,3]", "W b.w[2,4,1,1]"}));
  EXPECT_EQ(targets.float_activation_elements, 4 * 36 + 2 * 36);
}

// [in, out] matrices have their channels on axis 1, and a product of two activations no weight.
TEST(FindTargets, OfMatrixProducts) {
  Network net;
  const ValueId x = net.Input("x", {-1, 3, 8});
  const ValueId h = net.Op("MatMul", {x, net.Constant("w", Random({8, 3}, 1))}, "h");
  const QuantTargets targets = Find(net.Finish({net.Op("MatMul", {h, x}, "y")}));
  EXPECT_EQ(Lines(targets), (Names{"A x[1,3,8]", "W w[8,3]", "A h[1,3,3]"}));
  EXPECT_EQ(targets.tensors[1].axes.channel, 1);
  EXPECT_EQ(targets.tensors[1].axes.reduce, 0);
}

}  // namespace
}  // namespace bw
