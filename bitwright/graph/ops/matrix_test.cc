#include "bitwright/graph/ops/run_op.h"

namespace bw {
namespace {

const Tensor kA = F({2, 3}, {1, 2, 3, 4, 5, 6});
const Tensor kB = F({3, 2}, {1, 0, 0, 1, 2, -1});
const Tensor kAT = F({3, 2}, {1, 4, 2, 5, 3, 6});
const Tensor kBT = F({2, 3}, {1, 0, 2, 0, 1, -1});

TEST(Gemm, TransposesEitherSide) {
  const std::vector<float> product = {7, -1, 16, -1};
  const auto run = [](const Tensor& a, const Tensor& b, std::int64_t ta, std::int64_t tb) {
    return RunOp({"Gemm", {a, b}, {{"transA", ta}, {"transB", tb}}});
  };
  ExpectTensor(run(kA, kB, 0, 0), {2, 2}, product);
  ExpectTensor(run(kAT, kB, 1, 0), {2, 2}, product);
  ExpectTensor(run(kA, kBT, 0, 1), {2, 2}, product);
  ExpectTensor(run(kAT, kBT, 1, 1), {2, 2}, product);
}

TEST(Gemm, ScalesAndAddsABroadcastC) {
  const Items scales = {{"alpha", 2.0F}, {"beta", 10.0F}};
  ExpectTensor(RunOp({"Gemm", {kA, kB, F({1, 2})}, scales}), {2, 2}, {24, 18, 42, 18});
  ExpectTensor(RunOp({"Gemm", {kA, kB, F({2, 1}, {1, 2})}, scales}), {2, 2}, {24, 8, 52, 18});
  ExpectTensor(RunOp({"Gemm", {kA, kB, F({}, {1})}, scales}), {2, 2}, {24, 8, 42, 8});
}

TEST(Gemm, WeightAxesFollowTheTransposition) {
  const OpDef* op = FindOp("Gemm");
  Node node;
  EXPECT_EQ(op->weight_axes(node, {3, 2}).channel, 1);
  EXPECT_EQ(op->weight_axes(node, {3, 2}).reduce, 0);
  node.attributes.Set("transB", std::int64_t{1});
  EXPECT_EQ(op->weight_axes(node, {2, 3}).channel, 0);
  EXPECT_EQ(op->weight_axes(node, {2, 3}).reduce, -1);
}

TEST(MatMul, VectorsAreARowAndAColumn) {
  ExpectTensor(RunOp({"MatMul", {F({1, 2}), F({3, 4})}}), {}, {11});
  ExpectTensor(RunOp({"MatMul", {kA, F({1, 0, 1})}}), {2}, {4, 10});
  ExpectTensor(RunOp({"MatMul", {F({1, 1}), kA}}), {3}, {5, 7, 9});
}

TEST(MatMul, BroadcastsTheStacks) {
  const Tensor a = Small({2, 1, 2, 3}, 1), b = Small({4, 3, 2}, 2);
  const Tensor y = RunOp({"MatMul", {a, b}});
  ASSERT_EQ(y.shape(), (Shape{2, 4, 2, 2}));
  const auto x = a.span<float>(), w = b.span<float>();
  for (std::size_t i = 0; i < 32; ++i) {
    const std::size_t s = i / 16, t = i / 4 % 4, m = i / 2 % 2, n = i % 2;
    float sum = 0;
    for (std::size_t k = 0; k < 3; ++k) sum += x[s * 6 + m * 3 + k] * w[t * 6 + k * 2 + n];
    EXPECT_EQ(y.span<float>()[i], sum) << i;
  }
}

TEST(MatMul, WeightAxesAreTheLastTwo) {
  const WeightAxes axes = FindOp("MatMul")->weight_axes({}, {5, 3, 2});
  EXPECT_EQ(axes.channel, 2);
  EXPECT_EQ(axes.reduce, 1);
}

TEST(Macs, OfMatricesAreTheProductOfTheExtents) {
  const std::vector<TensorType> in = {{DType::kFloat32, {7, 3}}, {DType::kFloat32, {3, 5}}};
  const std::vector<TensorType> out = {{DType::kFloat32, {7, 5}}};
  EXPECT_EQ(FindOp("Gemm")->macs({}, in, out), 105);
  EXPECT_EQ(FindOp("MatMul")->macs({}, in, out), 105);
  const std::vector<TensorType> image = {{DType::kFloat32, {1, 2, 5}},
                                         {DType::kFloat32, {2, 3, 4}}};
  EXPECT_EQ(FindOp("ConvTranspose")->macs({}, image, out), 2 * 5 * 3 * 4);
}

}  // namespace
}  // namespace bw
