#pragma once
// Elements that share one scale, to codes of one byte and back: fast, and equal to the law bit for
// bit.

#include <cstdint>
#include <span>

#include "bitwright/tensor/code_table.h"

namespace bw {

// codes[i] = EncodeByLaw(table, x[i], scale, zero, symmetric); as many codes as values. A zero
// point other than 0 is for asymmetric specs, whose elements are integers.
void EncodeRow(const CodeTable& table, std::span<const float> x, float scale, std::int32_t zero,
               bool symmetric, std::uint8_t* codes);

// out[i] = scale * (value of codes[i] - zero).
void DecodeRow(const CodeTable& table, std::span<const std::uint8_t> codes, float scale,
               std::int32_t zero, float* out);

// The value of each x's code, times scale, without the code; x and out may be the same. step 1: a
// scale for each element.
void RoundRow(const CodeTable& table, std::span<const float> x, const float* scale,
              std::size_t step, std::int32_t zero, float* out);

// RoundRow for formats of every width, looked up once.
class RoundFunction {
 public:
  explicit RoundFunction(const Format& format);
  void operator()(std::span<const float> x, const float* scale, std::size_t step, std::int32_t zero,
                  float* out) const;

 private:
  const CodeTable* codes_ = nullptr;  // up to 8 bits
  const RoundTable* wide_ = nullptr;
};

}  // namespace bw
