#include "bitwright/quant/stored_bytes.h"

#include "bitwright/base/check.h"
#include "bitwright/quant/fit_spec.h"

namespace bw {

std::int64_t StoredBytes(const QuantTarget& target, const QuantSpec* spec) {
  if (spec == nullptr) return 4 * target.elements;
  const auto packed = [](int bits, std::int64_t count) {
    return static_cast<std::int64_t>(PackedBytes(bits, static_cast<std::size_t>(count)));
  };
  const int bits = spec->element.bits();
  const std::int64_t codes = packed(bits, target.elements);
  const bool one_scale = std::holds_alternative<PerTensor>(spec->grain);
  if (target.kind == TargetKind::kActivation && one_scale) return codes;
  const Expected<Grouping> grouping = MakeGrouping(spec->grain, target.shape);
  BW_CHECK(grouping.has_value());
  const std::int64_t second_level = spec->two_level ? 4 : 0;
  return codes + TableBytes(spec->element) + second_level +
         packed(spec->scale.bits() + (spec->symmetric ? 0 : bits), grouping->groups());
}

}  // namespace bw
