#include "bitwright/quant/learning/gradient.h"

#include <gtest/gtest.h>

#include <set>

#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_networks::Attrs;
using testing_networks::Floats;

using Ints = std::vector<std::int64_t>;

// Distinct numbers in random order that stay a step of the differences away from every kink
// (multiples of a half).
Tensor Distinct(const Shape& shape, std::uint64_t seed) {
  Tensor tensor(DType::kFloat32, shape);
  const auto count = static_cast<std::size_t>(tensor.size());
  std::vector<float> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(count);
    const double number = -3.9 + 7.8 * place;
    const double cell = std::floor(number * 2);
    numbers.push_back(static_cast<float>(cell / 2 + 0.03 + (number * 2 - cell) * 0.44));
  }
  Rng(seed).Shuffle(numbers);
  std::copy(numbers.begin(), numbers.end(), tensor.span<float>().begin());
  return tensor;
}

// One node, its inputs, and which of them are asked for.
struct Case {
  std::string op;
  std::vector<Tensor> inputs;
  std::vector<char> wanted;
  Attributes attributes = {};
};

class OneNode {
 public:
  explicit OneNode(Case c) : case_(std::move(c)) {
    node_.name = "node";
    node_.op = FindOp(case_.op);
    EXPECT_NE(node_.op, nullptr) << case_.op;
    node_.attributes = case_.attributes;
    node_.outputs = {100};
    for (std::size_t i = 0; i < case_.inputs.size(); ++i) {
      node_.inputs.push_back(static_cast<ValueId>(i));
      types_.push_back(case_.inputs[i].type());
      constants_.push_back(case_.wanted[i] == 0 ? &case_.inputs[i] : nullptr);
    }
    std::vector<const Tensor*> all;
    for (const Tensor& input : case_.inputs) all.push_back(&input);
    outputs_ = node_.op->infer({node_, types_, all}).value();
  }

  Expected<std::unique_ptr<Gradient>> Make() const {
    return MakeGradient({node_, types_, outputs_, constants_, case_.wanted});
  }

  Tensor Run() const {
    Tensor output(outputs_[0].dtype, outputs_[0].shape);
    const TensorRef ref = output;
    node_.op->reference(node_, Refs(), {&ref, 1});
    return output;
  }

  std::vector<ConstTensorRef> Refs() const { return {case_.inputs.begin(), case_.inputs.end()}; }

  // d (direction . output) / d input i, element e, by central differences.
  double Difference(std::size_t i, std::size_t e, const Tensor& direction) {
    constexpr float kStep = 0.01F;
    float& x = case_.inputs[i].span<float>()[e];
    const float before = x;
    const auto dot = [&] {
      const Tensor y = Run();
      double sum = 0;
      for (std::size_t k = 0; k < y.span<float>().size(); ++k) {
        sum += static_cast<double>(y.span<float>()[k]) *
               static_cast<double>(direction.span<float>()[k]);
      }
      return sum;
    };
    x = before + kStep;
    const double up = dot();
    x = before - kStep;
    const double down = dot();
    x = before;
    return (up - down) / (2.0 * kStep);
  }

  const Case& what() const { return case_; }

 private:
  Case case_;
  Node node_;
  std::vector<TensorType> types_, outputs_;
  std::vector<const Tensor*> constants_;
};

std::vector<Case> Cases() {
  const Tensor image = Distinct({2, 4, 5, 6}, 1);
  const Tensor low = Floats({}, {0}), high = Floats({}, {2.5F});
  const Attributes strided = Attrs({{"pads", Ints{1, 1, 1, 1}}, {"strides", Ints{2, 1}}});
  Attributes grouped = strided, dilated = strided;
  grouped.Set("group", std::int64_t{2});
  dilated.Set("dilations", Ints{2, 2});
  const Attributes pool =
      Attrs({{"kernel_shape", Ints{3, 2}}, {"pads", Ints{1, 0, 1, 1}}, {"strides", Ints{2, 2}}});
  Attributes whole = pool;
  whole.Set("count_include_pad", std::int64_t{1});
  Attributes turned = Attrs({{"transB", std::int64_t{1}}, {"alpha", 0.5F}, {"beta", 2.0F}});
  const auto ints = [](Ints values) {
    return Tensor::From<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
  };
  return {
      {"Conv", {image, Distinct({3, 4, 3, 3}, 2), Distinct({3}, 3)}, {1, 1, 1}, strided},
      {"Conv", {image, Distinct({6, 2, 3, 3}, 2), Distinct({6}, 3)}, {1, 1, 1}, grouped},
      {"Conv", {image, Distinct({3, 4, 2, 3}, 2)}, {1, 1}, dilated},
      {"Conv",
       {image, Distinct({8, 1, 3, 3}, 2), Distinct({8}, 3)},
       {1, 1, 0},
       Attrs({{"group", std::int64_t{4}}})},
      {"Conv", {image, Distinct({5, 4, 1, 1}, 2), Distinct({5}, 3)}, {0, 1, 1}},
      {"Gemm", {Distinct({3, 4}, 1), Distinct({4, 5}, 2), Distinct({5}, 3)}, {1, 1, 1}},
      {"Gemm", {Distinct({3, 4}, 1), Distinct({5, 4}, 2), Distinct({5}, 3)}, {1, 1, 1}, turned},
      {"MatMul", {Distinct({2, 3, 4}, 1), Distinct({4, 5}, 2)}, {1, 1}},
      {"Relu", {image}, {1}},
      {"Sigmoid", {image}, {1}},
      {"Tanh", {image}, {1}},
      {"LeakyRelu", {image}, {1}, Attrs({{"alpha", 0.2F}})},
      {"HardSigmoid", {image}, {1}, Attrs({{"alpha", 0.25F}})},
      {"HardSwish", {image}, {1}},
      {"Clip", {image, low, high}, {1, 0, 0}},
      {"Add", {image, Distinct({4, 1, 1}, 2)}, {1, 1}},
      {"Add", {image, Distinct({2, 4, 5, 6}, 2)}, {1, 1}},
      {"Sub", {image, Distinct({6}, 2)}, {1, 1}},
      {"Mul", {image, Distinct({2, 4, 1, 1}, 2)}, {1, 1}},
      {"Div", {image, Floats({1}, {1.7F})}, {1, 1}},
      {"MaxPool", {image}, {1}, pool},
      {"AveragePool", {image}, {1}, pool},
      {"AveragePool", {image}, {1}, whole},
      {"GlobalAveragePool", {image}, {1}},
      {"ReduceMean", {image}, {1}, Attrs({{"axes", Ints{2, 3}}, {"keepdims", std::int64_t{0}}})},
      {"BatchNormalization",
       {image, Distinct({4}, 2), Distinct({4}, 3), Distinct({4}, 4), Floats({4}, {1, 2, 3, 4})},
       {1, 0, 0, 0, 0}},
      {"Transpose", {image}, {1}, Attrs({{"perm", Ints{0, 2, 3, 1}}})},
      {"Slice", {image, ints({1, 0}), ints({4, 5}), ints({1, 3}), ints({1, 2})}, {1, 0, 0, 0, 0}},
      {"Pad", {image, ints({0, 1, 0, 2, 0, 1, 1, 0})}, {1, 0}},
      {"Concat", {image, Distinct({2, 1, 5, 6}, 2)}, {1, 1}, Attrs({{"axis", std::int64_t{1}}})},
      {"DepthToSpace", {image}, {1}, Attrs({{"blocksize", std::int64_t{2}}})},
      {"SpaceToDepth", {Distinct({1, 2, 4, 6}, 1)}, {1}, Attrs({{"blocksize", std::int64_t{2}}})},
      {"Reshape", {image, ints({2, -1})}, {1, 0}},
      {"Flatten", {image}, {1}},
      {"Squeeze", {Distinct({2, 1, 3}, 1), ints({1})}, {1, 0}},
      {"Unsqueeze", {Distinct({2, 3}, 1), ints({1})}, {1, 0}},
      {"Identity", {image}, {1}},
  };
}

TEST(Gradient, IsThatOfFiniteDifferencesForEveryOperator) {
  std::set<std::string, std::less<>> checked;
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.op);
    checked.insert(c.op);
    OneNode one(c);
    auto gradient = one.Make();
    ASSERT_TRUE(gradient.has_value()) << gradient.error().message;
    const Tensor output = one.Run();
    const Tensor direction = testing_networks::Random(output.shape(), 9);
    std::vector<Tensor> found;
    for (std::size_t i = 0; i < c.inputs.size(); ++i) {
      found.emplace_back(DType::kFloat32, c.wanted[i] != 0 ? c.inputs[i].shape() : Shape{0});
      for (float& x : found.back().span<float>()) x = 1e9F;  // is to be overwritten
    }
    std::vector<TensorRef> targets;
    for (std::size_t i = 0; i < found.size(); ++i)
      targets.push_back(c.wanted[i] != 0 ? TensorRef(found[i]) : TensorRef{});
    (*gradient)->Run(one.Refs(), output, direction, targets);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto values = std::as_const(found[i]).span<float>();
      for (std::size_t e = 0; e < values.size(); e += 1 + values.size() / 40) {
        const double wanted = one.Difference(i, e, direction);
        ASSERT_NEAR(static_cast<double>(values[e]), wanted, 2e-3 * (1 + std::abs(wanted)))
            << "input " << i << " element " << e;
      }
    }
  }
  for (const GradientDef* known : gradients::All())
    EXPECT_TRUE(checked.contains(known->op)) << known->op;
}

std::string Refusal(const Case& c) {
  auto made = OneNode(c).Make();
  return made ? "" : made.error().message;
}

TEST(Gradient, IsRefusedWithTheNodeAndTheReason) {
  const Tensor x = Distinct({2, 4}, 1);
  EXPECT_EQ(Refusal({"Erf", {x}, {1}}), "node 'node' (Erf): has no gradient");
  EXPECT_EQ(
      Refusal({"Gemm", {x, Distinct({2, 3}, 2)}, {1, 1}, Attrs({{"transA", std::int64_t{1}}})}),
      "node 'node' (Gemm): transA is 1, only 0 is covered");
  EXPECT_EQ(Refusal({"MatMul", {Distinct({2, 2, 4}, 1), Distinct({2, 4, 3}, 2)}, {1, 1}}),
            "node 'node' (MatMul): inputs are [2,2,4] and [2,4,3], only a stack of rows by one "
            "matrix is covered");
  EXPECT_EQ(Refusal({"ReduceMean", {x}, {1}}),
            "node 'node' (ReduceMean): a mean over all axes mixes samples");
  const Tensor pads = Tensor::From<std::int64_t>({4}, Ints{0, 1, 0, 1});
  EXPECT_EQ(Refusal({"Pad", {x, pads, Floats({}, {3})}, {1, 0, 0}}),
            "node 'node' (Pad): pads with another value than 0");
  EXPECT_EQ(Refusal({"Clip", {x, Floats({}, {0})}, {1, 1}}),
            "node 'node' (Clip): input 1 is computed, a constant is needed");
}

}  // namespace
}  // namespace bw
