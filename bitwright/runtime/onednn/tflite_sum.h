#pragma once
// TfliteAdd and TfliteSub of tensors of one shape: what an operand gives is one of 256 numbers.

#include <array>
#include <memory>
#include <vector>

#include "bitwright/graph/ops/tflite_binary.h"
#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/tflite_codes.h"

namespace bw::kernels {

class TfliteSumKernel final : public Kernel {
 public:
  TfliteSumKernel(const Node& node, std::int32_t sign)
      : TfliteSumKernel(ops::tflite::SumTerms(node), sign) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const auto a = inputs[0].span<std::int8_t>(), b = inputs[1].span<std::int8_t>();
    std::int8_t* codes = outputs[0].span<std::int8_t>().data();
    for (std::size_t first = 0; first < a.size(); first += sums_.size()) {
      const std::size_t count = std::min(sums_.size(), a.size() - first);
      for (std::size_t i = 0; i < count; ++i)
        sums_[i] = left_[Index(a[first + i])] + right_[Index(b[first + i])];
      codes_.Take(sums_.data(), count, codes + first);
    }
  }

 private:
  static constexpr std::size_t kPiece = 1024;

  TfliteSumKernel(const ops::tflite::SumTerms& terms, std::int32_t sign)
      : codes_(ops::tflite::Requantizer(terms.by_out, terms.zero, terms.range)), sums_(kPiece) {
    for (int code = -128; code < 128; ++code) {
      const auto byte = static_cast<std::int8_t>(code);
      left_[Index(byte)] = terms.Left(byte);
      right_[Index(byte)] = sign * terms.Right(byte);
    }
  }

  static std::size_t Index(std::int8_t code) { return static_cast<std::uint8_t>(code); }

  std::array<std::int32_t, 256> left_{}, right_{};
  TfliteCodes codes_;
  std::vector<std::int32_t> sums_;
};

// The first operand plus `sign` times the second; null where their shapes differ.
inline std::unique_ptr<Kernel> MakeTfliteSum(const Node& node, std::span<const TensorType> inputs,
                                             std::int32_t sign) {
  if (inputs[0].shape != inputs[1].shape) return nullptr;
  return std::make_unique<TfliteSumKernel>(node, sign);
}

}  // namespace bw::kernels
