#pragma once
// What a format's rounding costs on a known distribution, by exact integration over its cells: the
// figures that formats are compared by where there is no tensor.

#include "bitwright/numerics/format.h"

namespace bw {

// Densities of mean 0 and variance 1. Formats without negative values see the half t >= 0.
enum class Bell { kNormal, kLaplace };

// Mean of (t - scale * Round(t / scale))^2. The format has at most 16 bits; scale > 0.
double ExpectedSquaredError(const Format& format, double scale, Bell bell);

// The scale of the least ExpectedSquaredError, to 1e-9 of itself where the error has one valley.
// For the normal density this is the alpha of ESB's distribution difference aligner (arXiv
// 2109.03513, section 3).
struct IdealScale {
  double scale = 1, error = 0;
};
IdealScale FindIdealScale(const Format& format, Bell bell);

}  // namespace bw
