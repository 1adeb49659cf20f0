#include "bitwright/numerics/format.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

#include "bitwright/base/check.h"
#include "bitwright/base/text.h"

namespace bw {
namespace {

constexpr int kMaxTableBits = 16;
constexpr int kFloatBits = 32;

// |value| = odd * 2^power.
struct OddPart {
  std::uint64_t odd = 0;
  int power = 0;
};

OddPart SplitOdd(double value) {
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);
  const auto integer = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  const int zeros = std::countr_zero(integer);
  return {integer >> zeros, exponent - 53 + zeros};
}

void DescribePrecision(std::span<const double> values, FormatInfo& info) {
  int least_power = std::numeric_limits<int>::max();
  double largest = 0;
  for (const double value : values) {
    if (value == 0) continue;
    const OddPart part = SplitOdd(value);
    info.significand_bits =
        std::max(info.significand_bits, static_cast<int>(std::bit_width(part.odd)));
    least_power = std::min(least_power, part.power);
    largest = std::max(largest, std::fabs(value));
  }
  if (largest == 0) return;
  int exponent = 0;
  std::frexp(largest, &exponent);
  const int bits = exponent - least_power;
  if (bits <= 31) info.integer_form = IntegerForm{std::ldexp(1.0, least_power), bits};
}

// The distinct finite values of the table, ascending, each with its lowest code.
void Enumerate(std::span<const double> table, std::vector<double>& values,
               std::vector<Code>& codes) {
  std::vector<std::pair<double, Code>> finite;
  for (std::size_t code = 0; code < table.size(); ++code) {
    if (!std::isfinite(table[code])) continue;
    BW_CHECK(static_cast<double>(static_cast<float>(table[code])) == table[code]);
    finite.emplace_back(table[code], static_cast<Code>(code));
  }
  std::sort(finite.begin(), finite.end());
  for (const auto& [value, code] : finite) {
    if (!values.empty() && values.back() == value) continue;
    values.push_back(value);
    codes.push_back(code);
  }
}

FormatInfo Describe(std::span<const double> table, std::span<const double> values) {
  FormatInfo info;
  for (const double value : table) {
    if (std::isnan(value)) ++info.nan_codes;
    if (std::isinf(value)) ++info.infinity_codes;
  }
  info.min = values.front();
  info.max = values.back();
  info.is_signed = info.min < 0;
  info.distinct_values = values.size();
  const auto positive = std::upper_bound(values.begin(), values.end(), 0.0);
  info.smallest_positive = positive == values.end() ? 0 : *positive;
  DescribePrecision(values, info);
  return info;
}

FormatInfo DescribeFloat() {
  FormatInfo info;
  info.max = static_cast<double>(std::numeric_limits<float>::max());
  info.min = -info.max;
  info.is_signed = true;
  info.smallest_positive = static_cast<double>(std::numeric_limits<float>::denorm_min());
  info.significand_bits = std::numeric_limits<float>::digits;
  info.nan_codes = (1U << std::numeric_limits<float>::digits) - 2;
  info.infinity_codes = 2;
  return info;
}

// The point between neighbours, as a double, and whether that double belongs to the upper one.
struct Midpoint {
  double at;
  bool goes_up;
};

// An exact tie goes to the even code, of equal parities to the smaller magnitude. Where the
// midpoint is no double, the double beside it has one nearest value.
Midpoint MidpointOf(double a, Code code_a, double b, Code code_b) {
  const double sum = a + b;
  const double b_part = sum - a;
  const double lost = (a - (sum - b_part)) + (b - b_part);  // a + b = sum + lost (Knuth's TwoSum)
  if (lost != 0) return {sum / 2, lost < 0};
  const bool even_a = code_a % 2 == 0;
  const bool even_b = code_b % 2 == 0;
  return {sum / 2, even_a != even_b ? even_b : std::fabs(b) < std::fabs(a)};
}

Code EncodeFloat(double value) {
  constexpr double kMax = static_cast<double>(std::numeric_limits<float>::max());
  if (std::isnan(value) || value == 0) return 0;
  const auto rounded = static_cast<float>(std::clamp(value, -kMax, kMax));
  return rounded == 0 ? 0 : std::bit_cast<Code>(rounded);
}

tl::unexpected<Error> UnknownFormat(std::string_view name) {
  const std::vector<std::string> known = ExampleFormats();
  return Fail("unknown format '{}'; nearest is '{}' (run 'bitwright formats' for all {})", name,
              Nearest(name, known), known.size());
}

}  // namespace

std::shared_ptr<const Format::Rep> Format::Build(FormatDef def, std::string_view family) {
  auto rep = std::make_shared<Rep>();
  BW_CHECK((def.bits >= 1 && def.bits <= kMaxTableBits) || def.bits == kFloatBits);
  if (def.bits <= kMaxTableBits) {
    for (Code code = 0; code < Code{1} << def.bits; ++code) {
      rep->table.push_back(def.decode(code) + 0.0);  // -0 becomes 0
    }
    Enumerate(rep->table, rep->values, rep->codes);
    BW_CHECK(!rep->values.empty());
    for (std::size_t i = 0; i + 1 < rep->values.size(); ++i) {
      const Midpoint middle =
          MidpointOf(rep->values[i], rep->codes[i], rep->values[i + 1], rep->codes[i + 1]);
      rep->thresholds.push_back(middle.at);
      rep->ties_up.push_back(middle.goes_up ? 1 : 0);
    }
  }
  rep->info = rep->values.empty() ? DescribeFloat() : Describe(rep->table, rep->values);
  rep->info.name = std::move(def.name);
  rep->info.family = family;
  rep->info.bits = def.bits;
  rep->info.fitted_from_data = def.fitted_from_data;
  rep->decode = std::move(def.decode);
  rep->info.nan_value = Format(rep).Round(0);
  return rep;
}

Expected<Format> Format::Parse(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const Rep>, std::less<>> cache;
  const std::lock_guard lock(mutex);
  if (const auto found = cache.find(name); found != cache.end()) return Format(found->second);
  for (const FormatFamily* family : families::All()) {
    std::optional<Expected<FormatDef>> parsed = family->parse(name);
    if (!parsed) continue;
    BW_ASSIGN(FormatDef def, *std::move(parsed));
    std::shared_ptr<const Rep>& canonical = cache[def.name];
    if (canonical == nullptr) canonical = Build(std::move(def), family->name);
    const std::shared_ptr<const Rep> rep = canonical;
    cache[std::string(name)] = rep;
    return Format(rep);
  }
  return UnknownFormat(name);
}

double Format::Decode(Code code) const {
  if (rep_->table.empty()) return rep_->decode(code);
  BW_CHECK(code < rep_->table.size());
  return rep_->table[code];
}

Code Format::Encode(double value) const {
  const std::vector<double>& thresholds = rep_->thresholds;
  if (rep_->values.empty()) return EncodeFloat(value);
  if (std::isnan(value)) return Encode(0);
  auto k = static_cast<std::size_t>(std::lower_bound(thresholds.begin(), thresholds.end(), value) -
                                    thresholds.begin());
  if (k < thresholds.size() && thresholds[k] == value && rep_->ties_up[k] != 0) ++k;
  return rep_->codes[k];
}

}  // namespace bw
