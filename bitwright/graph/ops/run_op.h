#pragma once
// For tests: one operator on given tensors.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "bitwright/graph/op.h"

namespace bw {

using Items = std::map<std::string, Attribute>;
using OpInputs = std::vector<std::optional<Tensor>>;  // nullopt: an absent optional input
using Ints = std::vector<std::int64_t>;

inline Tensor F(Shape shape, const std::vector<float>& elements) {
  return Tensor::From<float>(std::move(shape), elements);
}
inline Tensor F(const std::vector<float>& elements) {
  return F({static_cast<std::int64_t>(elements.size())}, elements);
}
inline Tensor I(Shape shape, const Ints& elements) {
  return Tensor::From<std::int64_t>(std::move(shape), elements);
}
inline Tensor I(const Ints& elements) {
  return I({static_cast<std::int64_t>(elements.size())}, elements);
}

// 0, 1, 2, ... in that shape.
inline Tensor Count(Shape shape) {
  Tensor tensor(DType::kFloat32, std::move(shape));
  float next = 0;
  for (float& element : tensor.span<float>()) element = next++;
  return tensor;
}

// Small integers from a seed: sums of their products are exact in float, so any order of addition
// gives one result.
inline Tensor Small(Shape shape, unsigned seed) {
  Tensor tensor(DType::kFloat32, std::move(shape));
  for (float& element : tensor.span<float>()) {
    seed = seed * 1664525U + 1013904223U;
    element = static_cast<float>(static_cast<int>(seed >> 28) - 7);
  }
  return tensor;
}

template <typename T>
std::vector<T> Elements(const Tensor& tensor) {
  const auto span = tensor.span<T>();
  return {span.begin(), span.end()};
}

struct OneNode {
  std::string op;
  OpInputs inputs;
  Items attributes = {};
  std::size_t outputs = 1;
  std::size_t known = 99;  // inputs before this one are known at inference time
  std::string domain = "";
};

inline Expected<std::vector<Tensor>> TryOp(const OneNode& one) {
  Node node{"n", FindOp(one.op, one.domain), {}, {}, {one.attributes}};
  BW_CHECK(node.op != nullptr);
  std::vector<TensorType> types;
  std::vector<const Tensor*> constants;
  std::vector<ConstTensorRef> refs;
  for (const auto& input : one.inputs) {
    const bool known = input && types.size() < one.known;
    node.inputs.push_back(input ? static_cast<ValueId>(types.size()) : kNoValue);
    types.push_back(input ? input->type() : TensorType{});
    constants.push_back(known ? &*input : nullptr);
    refs.push_back(input ? ConstTensorRef(*input) : ConstTensorRef{});
  }
  node.outputs.assign(one.outputs, 0);
  BW_ASSIGN(const std::vector<TensorType> inferred, node.op->infer({node, types, constants}));
  BW_CHECK(inferred.size() == one.outputs);
  std::vector<Tensor> outputs;
  for (const TensorType& type : inferred) outputs.emplace_back(type.dtype, type.shape);
  std::vector<TensorRef> output_refs(outputs.begin(), outputs.end());
  node.op->reference(node, refs, output_refs);
  return outputs;
}

inline std::vector<Tensor> RunOps(const OneNode& one) {
  auto outputs = TryOp(one);
  EXPECT_TRUE(outputs.has_value()) << (outputs ? "" : outputs.error().message);
  return outputs ? *std::move(outputs) : std::vector<Tensor>(one.outputs);
}

inline Tensor RunOp(const OneNode& one) { return RunOps(one)[0]; }

inline std::string Refusal(const OneNode& one) {
  const auto outputs = TryOp(one);
  return outputs ? "accepted" : outputs.error().message;
}

inline void ExpectTensor(const Tensor& tensor, const Shape& shape,
                         const std::vector<float>& elements) {
  EXPECT_EQ(tensor.shape(), shape);
  EXPECT_EQ(Elements<float>(tensor), elements);
}

inline void ExpectNear(const Tensor& tensor, const std::vector<float>& elements,
                       float bound = 1e-6F) {
  const auto got = Elements<float>(tensor);
  ASSERT_EQ(got.size(), elements.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], elements[i], bound) << i;
}

}  // namespace bw
