#pragma once
// For tests: one node run by its fast kernel and by its op's reference, with guarded output memory.

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "bitwright/base/rng.h"
#include "bitwright/runtime/kernel.h"

namespace bw::kernels {

// A node with elements for its inputs; an absent optional input is nullopt.
struct Case {
  Node node;
  std::vector<std::optional<Tensor>> inputs;
  std::vector<bool> constant;  // by input; missing entries are false
};

inline Case MakeCase(const std::string& op, std::vector<std::optional<Tensor>> inputs,
                     Attributes attributes = {}, std::vector<bool> constant = {}) {
  Case test;
  test.node.name = "tested";
  test.node.op = FindOp(op);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    test.node.inputs.push_back(inputs[i] ? static_cast<ValueId>(i) : kNoValue);
  }
  test.node.outputs = {static_cast<ValueId>(inputs.size())};
  test.node.attributes = std::move(attributes);
  test.inputs = std::move(inputs);
  test.constant = std::move(constant);
  test.constant.resize(test.inputs.size(), false);
  return test;
}

inline std::vector<TensorType> InputTypes(const Case& test) {
  std::vector<TensorType> types;
  for (const auto& input : test.inputs) types.push_back(input ? input->type() : TensorType{});
  return types;
}

inline std::vector<ConstTensorRef> InputRefs(const Case& test) {
  std::vector<ConstTensorRef> refs;
  for (const auto& input : test.inputs) {
    refs.push_back(input ? ConstTensorRef(*input) : ConstTensorRef{});
  }
  return refs;
}

// With `every`, all inputs that are there; else those that the case declares constant.
inline std::vector<const Tensor*> Constants(const Case& test, bool every) {
  std::vector<const Tensor*> constants;
  for (std::size_t i = 0; i < test.inputs.size(); ++i) {
    const bool known = test.inputs[i].has_value() && (every || test.constant[i]);
    constants.push_back(known ? &*test.inputs[i] : nullptr);
  }
  return constants;
}

inline std::vector<TensorType> OutputTypes(const Case& test) {
  const auto types = InputTypes(test);
  const auto constants = Constants(test, true);
  const auto inferred = test.node.op->infer({test.node, types, constants});
  EXPECT_TRUE(inferred.has_value()) << (inferred ? "" : inferred.error().message);
  return inferred.value();
}

inline Tensor RunReference(const Case& test) {
  const TensorType type = OutputTypes(test).front();
  Tensor result(type.dtype, type.shape);
  const auto refs = InputRefs(test);
  test.node.op->reference(test.node, refs, std::array{TensorRef(result)});
  return result;
}

// Null where the binding does not cover the case.
inline std::unique_ptr<Kernel> MakeBound(const Case& test) {
  const auto inputs = InputTypes(test);
  const auto outputs = OutputTypes(test);
  const auto constants = Constants(test, false);
  for (const KernelBinding* binding : All()) {
    if (binding->op != test.node.op->name) continue;
    auto kernel = binding->make(test.node, inputs, outputs, constants);
    for (std::size_t i = 0; kernel != nullptr && i < constants.size(); ++i) {
      if (constants[i] != nullptr) kernel->BindConstant(i, *constants[i]);
    }
    return kernel;
  }
  return nullptr;
}

// Runs on memory that held other values before, between guards that must survive.
inline Tensor RunKernel(Kernel& kernel, const Case& test) {
  constexpr std::size_t kGuard = 64;
  constexpr int kCanary = 0xA5;
  const TensorType type = OutputTypes(test).front();
  Tensor result(type.dtype, type.shape);
  Tensor guarded(DType::kUint8, {static_cast<std::int64_t>(result.bytes() + 2 * kGuard)});
  const auto bytes = guarded.span<std::uint8_t>();
  std::memset(bytes.data(), kCanary, bytes.size());
  const auto refs = InputRefs(test);
  kernel.Run(refs, std::array{TensorRef{type.dtype, type.shape, bytes.data() + kGuard}});
  for (std::size_t i = 0; i < kGuard; ++i) {
    EXPECT_EQ(bytes[i], kCanary) << "byte " << i << " of the guard before the output";
    EXPECT_EQ(bytes[kGuard + result.bytes() + i], kCanary) << "byte " << i << " after the output";
  }
  std::memcpy(TensorRef(result).data, bytes.data() + kGuard, result.bytes());
  return result;
}

inline Tensor RunFast(const Case& test) {
  const auto kernel = MakeBound(test);
  EXPECT_NE(kernel, nullptr) << test.node.op->name << " is not covered";
  return kernel == nullptr ? Tensor() : RunKernel(*kernel, test);
}

inline Tensor RandomTensor(Shape shape, std::uint64_t seed, double low = -1, double high = 1) {
  Tensor tensor(DType::kFloat32, std::move(shape));
  Rng rng(seed);
  for (float& x : tensor.span<float>()) x = static_cast<float>(rng.Uniform(low, high));
  return tensor;
}

inline Case Magnitudes(Case test) {
  for (auto& input : test.inputs) {
    if (!input || input->dtype() != DType::kFloat32) continue;
    for (float& x : input->span<float>()) x = std::abs(x);
  }
  return test;
}

inline bool SameBits(const Tensor& a, const Tensor& b) {
  return a.type() == b.type() &&
         std::memcmp(ConstTensorRef(a).data, ConstTensorRef(b).data, a.bytes()) == 0;
}

// A sum of `terms` products in float, in any order, is off by at most terms * 2^-24 times the sum
// of the magnitudes (to first order; the factor 2 and the floor cover the rest), which the
// reference computes from |inputs|.
inline void ExpectSumsAgree(const Case& test, std::int64_t terms) {
  const Tensor fast = RunFast(test);
  const Tensor law = RunReference(test);
  const Tensor magnitude = RunReference(Magnitudes(test));
  ASSERT_EQ(fast.type(), law.type());
  for (std::size_t i = 0; i < law.span<float>().size(); ++i) {
    const double bound = 2.0 * static_cast<double>(terms + 2) * 0x1p-24 *
                         static_cast<double>(magnitude.span<float>()[i]);
    const double difference = std::abs(static_cast<double>(fast.span<float>()[i]) -
                                       static_cast<double>(law.span<float>()[i]));
    ASSERT_LE(difference, bound + 1e-37) << "element " << i;
  }
}

inline void ExpectSameBits(const Case& test) {
  const Tensor fast = RunFast(test);
  const Tensor law = RunReference(test);
  ASSERT_EQ(fast.type(), law.type());
  EXPECT_TRUE(SameBits(fast, law));
}

}  // namespace bw::kernels
