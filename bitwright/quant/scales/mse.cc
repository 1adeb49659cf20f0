#include "bitwright/quant/scale_scan.h"
#include "bitwright/tensor/scale_error.h"

namespace bw::scales {
namespace {

Expected<Scale> Choose(const ScaleInput& input, double) {
  if (!input.spec->symmetric) return ScanAsymmetric(input, 2);
  return ScanSymmetric(input, [&](std::span<const float> scales, std::span<double> errors) {
    SquaredErrors(input.values, input.spec->element, scales, errors);
  });
}

}  // namespace

BW_ENTRY(ScaleMethod, mse) = {"mse", "the least squared error over the values", Choose};

}  // namespace bw::scales
