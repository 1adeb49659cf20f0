#pragma once
// Activation quantizers: a FakeQuantize node as standard operators.

#include <string>

#include "bitwright/export/model_writer.h"
#include "bitwright/numerics/quant_spec.h"

namespace bw {

// Parameters of a FakeQuantize node; one scale for the whole tensor.
struct ActivationRounding {
  QuantSpec spec;
  float scale = 1;
  std::int32_t zero = 0;
};

// Adds nodes that round `input` to `output`, by the first of these that fits the format:
// - values low..high times a unit that fit a byte: Clip, QuantizeLinear, DequantizeLinear, Mul. The
// law divides by the scale
//   in double, QuantizeLinear in float: an input within half a unit in the last place of a tie may
//   go the other way.
// - at most 256 values: a branch-free binary search over thresholds. Equal to the law for every
// float.
// - runs of equal steps (wide integers, fp16, bf16): division, rounding and multiplication in
// double. Equal to the law.
// - anything else: the search, with larger tables.
void WriteRounding(ModelWriter& model, const ActivationRounding& rounding, const std::string& input,
                   const std::string& output);

}  // namespace bw
