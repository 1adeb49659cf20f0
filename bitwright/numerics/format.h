#pragma once
// A number format is its decode function: code (stored bits) -> value (what it denotes), before any
// scale. Encoder, limits, tables, tests and docs are derived from it.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/base/registry.h"

namespace bw {

// The stored bits of one element, in the low bits.
using Code = std::uint32_t;

// What a family says about one of its formats. `decode` must be total on [0, 2^bits): a code that
// denotes no finite value (NaN, infinity, reserved) decodes to NaN or +-infinity; the finite values
// are float32 values. bits is 1..16, or 32 for fp32 alone.
struct FormatDef {
  std::string name;  // canonical, e.g. "int4"
  int bits = 0;
  std::function<double(Code)> decode;
  bool fitted_from_data = false;  // the values stand in until FitFormat is called
};

// Every value is integer * unit with |integer| < 2^bits.
struct IntegerForm {
  double unit = 1;
  int bits = 0;
};

// What follows from the decode function by enumeration.
struct FormatInfo {
  std::string name;
  std::string family;
  int bits = 0;
  bool is_signed = false;   // has a negative value
  double min = 0, max = 0;  // least and greatest finite value
  double smallest_positive = 0;
  std::size_t distinct_values = 0;          // finite, -0 counted with 0; 0 for fp32
  std::optional<IntegerForm> integer_form;  // absent above 31 bits
  int significand_bits = 0;  // bits of the widest odd part: 8 fits bf16, 24 fits fp32
  // The policy of every format: Encode never gives a code of NaN or infinity, infinities saturate,
  // and NaN becomes nan_value, which is what 0 rounds to.
  std::size_t nan_codes = 0, infinity_codes = 0;
  double nan_value = 0;
  // A fit is due: "lut3", whose values are learned from a tensor. False for the fitted
  // "lut3[-1;0;1]".
  bool fitted_from_data = false;
};

// One file in numerics/families/ defines one family.
struct FormatFamily {
  std::string_view name;
  std::string_view syntax;   // "esb<N>_<K>"
  std::string_view summary;  // one line for `bitwright formats`
  std::string_view source;   // paper or standard
  std::span<const std::string_view>
      examples;  // test matrix, docs and the formats that globs expand over
  // nullopt: not our spelling; an error: our spelling with a bad parameter.
  std::optional<Expected<FormatDef>> (*parse)(std::string_view name);
  // For a family whose values are learned: the name of the format fitted to the values, which parse
  // reads and which describes it wholly. The values are finite and not empty; weights are as many
  // as the values, finite, not negative and not all 0. nullptr: nothing is learned.
  Expected<std::string> (*fit)(std::string_view unfitted, std::span<const float> values,
                               std::span<const float> weights) = nullptr;
};

namespace families {
std::span<const FormatFamily* const> All();  // in file-name order
}

// A cheap handle on an immutable definition; equal by canonical name.
class Format {
 public:
  // "int4", "uint4", "fixed8", "exp4", "e4m3fn", "bf16", "esb5_2", "dybit4", "udybit4", "fp32",
  // "e8m0". A leading 'u' is the unsigned form. Fails with the nearest known spelling. Parsed
  // formats are cached; thread-safe.
  static Expected<Format> Parse(std::string_view name);

  const FormatInfo& info() const { return rep_->info; }
  const std::string& name() const { return rep_->info.name; }
  int bits() const { return rep_->info.bits; }

  // Exact. NaN or infinity for codes that denote no finite value.
  double Decode(Code code) const;

  // The nearest finite value's code; a tie goes to the even code (of equal parities, to the smaller
  // magnitude); outside the range saturates, infinities too; NaN is encoded as 0 is. Of several
  // codes of one value the lowest is given, so -0 encodes as 0.
  Code Encode(double value) const;

  // Decode(Encode(value)).
  double Round(double value) const { return Decode(Encode(value)); }

  // The distinct finite values, ascending; empty for fp32.
  std::span<const double> values() const { return rep_->values; }
  // codes()[i] is the canonical code of values()[i].
  std::span<const Code> codes() const { return rep_->codes; }
  // A real number x rounds to values()[k], k = how many thresholds lie below it; see format.cc for
  // ties. size = values-1. thresholds()[i] is the midpoint of values i and i+1 as a double;
  // ties_up()[i] says whether that double itself goes up.
  std::span<const double> thresholds() const { return rep_->thresholds; }
  std::span<const std::uint8_t> ties_up() const { return rep_->ties_up; }

  friend bool operator==(const Format& a, const Format& b) { return a.rep_ == b.rep_; }

 private:
  struct Rep {
    FormatInfo info;
    std::function<double(Code)> decode;
    std::vector<double> table;  // by code, bits <= 16
    std::vector<double> values;
    std::vector<Code> codes;
    std::vector<double> thresholds;
    std::vector<std::uint8_t> ties_up;
  };
  explicit Format(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}
  static std::shared_ptr<const Rep> Build(FormatDef def, std::string_view family);
  std::shared_ptr<const Rep> rep_;
};

// The format that `unfitted` becomes for these values, already divided by their scale; the format
// itself where nothing is learned from data. weights: the importance of each value's squared error,
// as many as values, or empty for equal ones. Fails where there is no value, a value or weight is
// not finite, a weight is negative, or all weights are 0. The same inputs give the same name.
Expected<Format> FitFormat(const Format& unfitted, std::span<const float> values,
                           std::span<const float> weights = {});

// Every example of every family, in registry order.
std::vector<std::string> ExampleFormats();

// Comma-separated names, ranges and globs: "int2..8,dybit*,e4m3fn" -> formats in that order without
// repeats. Commas inside <> and [] separate nothing. A range is <prefix><low>..<high> and takes the
// names that parse; a glob matches the examples. Fails on an item that gives nothing.
Expected<std::vector<Format>> ParseFormatList(std::string_view list);

}  // namespace bw
