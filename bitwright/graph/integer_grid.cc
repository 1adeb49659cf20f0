#include "bitwright/graph/integer_grid.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bw {
namespace {

bool Fits(double low, double high, DType dtype) {
  return dtype == DType::kUint8 ? low >= 0 && high <= 255 : low >= -128 && high <= 127;
}

std::optional<DType> ByteOf(double low, double high) {
  for (const DType dtype : {DType::kUint8, DType::kInt8}) {
    if (Fits(low, high, dtype)) return dtype;
  }
  return std::nullopt;
}

}  // namespace

std::optional<IntegerGrid> FindIntegerGrid(const Attributes& attributes) {
  const Expected<QuantSpec> spec = QuantSpec::Parse(attributes.String("spec", ""));
  if (!spec || !std::holds_alternative<PerTensor>(spec->grain)) return std::nullopt;
  const FormatInfo& info = spec->element.info();
  if (!info.integer_form || info.fitted_from_data) return std::nullopt;
  const auto zero = static_cast<std::int32_t>(attributes.Int("zero", 0));
  IntegerGrid grid{*spec, attributes.Float("scale", 1), zero};
  grid.unit = info.integer_form->unit;
  const double low = info.min / grid.unit, high = info.max / grid.unit;
  if (high - low > 2.0 * kGreatestInteger) return std::nullopt;
  grid.low = static_cast<std::int32_t>(low) - zero;
  grid.high = static_cast<std::int32_t>(high) - zero;
  if (grid.magnitude() > kGreatestInteger) return std::nullopt;
  grid.significand_bits = spec->symmetric
                              ? info.significand_bits
                              : std::bit_width(static_cast<std::uint32_t>(grid.magnitude()));
  if (const auto centred = ByteOf(grid.low, grid.high)) {
    grid.dtype = *centred;
    return grid;
  }
  const auto coded = ByteOf(low, high);
  grid.dtype = coded.value_or(DType::kInt32);
  grid.offset = coded ? zero : 0;
  return grid;
}

std::int32_t StoreOnGrid(float value, const IntegerGrid& grid) {
  const double ratio = static_cast<double>(value) / static_cast<double>(grid.scale);
  const FormatInfo& info = grid.spec.element.info();
  double integer = 0;
  if (grid.spec.symmetric) {
    integer = grid.spec.element.Round(ratio) / grid.unit;
  } else {
    const double shifted = std::nearbyint(ratio) + grid.zero;
    integer = std::clamp(std::isnan(shifted) ? grid.zero : shifted, info.min, info.max) - grid.zero;
  }
  return static_cast<std::int32_t>(integer) + grid.offset;
}

}  // namespace bw
