#include "bitwright/runtime/onednn/tflite_codes.h"

#include <algorithm>

#include "bitwright/runtime/onednn/vector.h"

namespace bw::kernels {
namespace {

struct Channels {
  const std::int32_t* bias;
  const std::int32_t* significand;
  const std::int32_t* right;
  std::int32_t zero, low, high;
};

// The law's arithmetic without branches. A product with a significand, which is not negative, never
// saturates, and to nearest with ties up is the floor of the product plus a half.
BW_VECTORIZE void TakePixel(const std::int32_t* sums, const Channels& by, std::int8_t* codes,
                            std::size_t channels) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  for (std::size_t c = 0; c < channels; ++c) {
    std::int64_t wide = std::int64_t{sums[c]} + by.bias[c];
    wide = wide < kLeast ? kLeast : wide;
    wide = wide > kMost ? kMost : wide;
    const auto sum = static_cast<std::int32_t>(wide);
    const std::int64_t product = std::int64_t{sum} * by.significand[c];
    const auto high = static_cast<std::int32_t>((product + (std::int64_t{1} << 30)) >> 31);
    const auto mask = static_cast<std::int32_t>((std::uint32_t{1} << by.right[c]) - 1);
    const std::int32_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
    const std::int32_t quotient = (high >> by.right[c]) + ((high & mask) > threshold ? 1 : 0);
    // Far outside of the codes the zero point does not matter, and could overflow.
    const std::int32_t near = std::clamp(quotient, -1024, 1024) + by.zero;
    codes[c] = static_cast<std::int8_t>(std::clamp(near, by.low, by.high));
  }
}

}  // namespace

TfliteCodes::TfliteCodes(ops::tflite::Requantizer law) : law_(std::move(law)) {
  for (const ops::tflite::Multiplier& by : law_.multipliers()) {
    significand_.push_back(by.significand);
    right_.push_back(std::max(-by.exponent, 0));
    shifts_right_ = shifts_right_ && by.exponent <= 0;
  }
}

void TfliteCodes::Take(const std::int32_t* sums, std::size_t pixels, std::int8_t* codes) const {
  const std::size_t channels = significand_.size();
  if (!shifts_right_) {
    for (std::size_t i = 0; i < pixels * channels; ++i)
      codes[i] = law_(static_cast<std::int64_t>(i % channels), sums[i]);
    return;
  }
  const Channels by{law_.biases().data(), significand_.data(), right_.data(),
                    law_.zero(),          law_.range().low,    law_.range().high};
  for (std::size_t p = 0; p < pixels; ++p, sums += channels, codes += channels)
    TakePixel(sums, by, codes, channels);
}

}  // namespace bw::kernels
