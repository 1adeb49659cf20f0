// A codebook: code i is the i-th of at most 2^N float32 values, ascending; codes behind the last
// value decode to NaN. lut<N>[v0;v1;...] holds the values in its name. The bare lut<N> has those
// that are optimal for the normal distribution, symmetric and rounded to multiples of 2^-10, until
// it is fitted: FitFormat gives the values of least weighted squared error (codebook.h). Zero is
// one of them only where that is optimal.

#include <cmath>
#include <limits>

#include "bitwright/base/check.h"
#include "bitwright/numerics/codebook.h"
#include "bitwright/numerics/fitted_name.h"
#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"lut1", "lut2", "lut3", "lut4",
                                          "lut5", "lut6", "lut7", "lut8"};
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Half of the normal distribution, solved at 4096 points up to 6, and its mirror image.
std::vector<float> NormalCodebook(int bits) {
  constexpr int kPoints = static_cast<int>(kMostCodebookPoints);
  std::vector<float> values, weights;
  for (int i = 0; i < kPoints; ++i) {
    const float x = (static_cast<float>(i) + 0.5f) * (6.0f / kPoints);
    values.push_back(x);
    weights.push_back(std::exp(-x * x / 2));
  }
  std::vector<float> codebook;
  for (const double centre : OptimalCodebook(values, weights, std::size_t{1} << (bits - 1))) {
    const auto rounded = static_cast<float>(std::nearbyint(centre * 1024) / 1024);
    codebook.push_back(rounded);
    codebook.insert(codebook.begin(), -rounded);
  }
  return codebook;
}

FormatDef Define(std::string name, int bits, std::vector<float> values, bool fitted) {
  const auto decode = [values = std::move(values)](Code code) {
    return code < values.size() ? static_cast<double>(values[code]) : kNan;
  };
  return FormatDef{std::move(name), bits, decode, !fitted};
}

Expected<FormatDef> DefineFitted(std::string_view name, int bits, std::vector<float> values) {
  BW_TRY(CheckParameter(name, "width", bits, 1, 8));
  BW_TRY(CheckParameter(name, "number of values", static_cast<int>(values.size()), 1, 1 << bits));
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] > values[i - 1]) continue;
    return Fail("format '{}': number {} is {}, allowed is more than the {} before it", name, i + 1,
                values[i], values[i - 1]);
  }
  std::string canonical = MakeFittedName(fmt::format("lut{}", bits), values);
  return Define(std::move(canonical), bits, std::move(values), true);
}

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  const std::optional<int> bits = NumberAfter(name.substr(0, name.find('[')), "lut");
  if (!bits) return std::nullopt;
  if (std::optional<Expected<FittedName>> fitted = ParseFittedName(name)) {
    if (!*fitted) return tl::unexpected(fitted->error());
    return DefineFitted(name, *bits, std::move((*fitted)->numbers));
  }
  if (name.find('[') != std::string_view::npos) return std::nullopt;
  if (auto range = CheckParameter(name, "width", *bits, 1, 8); !range) {
    return tl::unexpected(range.error());
  }
  return Define(std::string(name), *bits, NormalCodebook(*bits), false);
}

Expected<std::string> Fit(std::string_view unfitted, std::span<const float> values,
                          std::span<const float> weights) {
  const std::optional<int> bits = NumberAfter(unfitted, "lut");
  BW_CHECK(bits.has_value());
  std::vector<float> codebook;
  for (const double centre : OptimalCodebook(values, weights, std::size_t{1} << *bits)) {
    codebook.push_back(static_cast<float>(centre));
  }
  return MakeFittedName(unfitted, codebook);
}

}  // namespace

BW_ENTRY(FormatFamily, lut) = {"lut",
                               "lut<N> lut<N>[<value>;...]",
                               "a codebook learned from the tensor, optimal k-means",
                               "Ckmeans.1d.dp, R Journal 2011",
                               kExamples,
                               Parse,
                               Fit};

}  // namespace bw::families
