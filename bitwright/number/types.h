#pragma once
// The types of numbers that a tuner may give to a Number: a type is formats of rising width.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/number/representation.h"

namespace bw::number {

struct NumberType {
  std::string name;                    // "fixed"
  std::map<int, std::string> formats;  // by width
  bool biased = true;
};

// libnumber's platform: float16 and fp32, fixed2..fixed32, exp2..exp9. All cover their magnitudes
// by a bias but the floats.
inline constexpr const char* kLibnumberFormats = "float16,fixed2..32,exp2..9";

// Comma-separated names of formats, ranges ("fixed2..32") and globs over Bitwright's examples
// ("dybit*"). Formats of a family make one type, in order of appearance; a second format of one
// family and width begins another type. fp32 is always there, in the first type, which holds the
// formats of IEEE's kind (fp32, float16, fp16, bf16) and has no biases. Fails on an item that
// gives nothing.
Expected<std::vector<NumberType>> ParseTypes(std::string_view list);

}  // namespace bw::number
