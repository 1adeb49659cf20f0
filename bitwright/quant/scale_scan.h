#pragma once
// The scale with the least error: a geometric scan wide enough for the format, then a fine one
// around its best. The scan follows the authors' code of DyBit (ANT): clip values of 75 to 150
// percent of the largest magnitude; ours is wider, since a format whose values crowd near zero
// (dybit8, minifloats) is best with its largest far above the data's.

#include <functional>
#include <span>
#include <vector>

#include "bitwright/quant/scale_method.h"

namespace bw::scales {

// The errors of symmetric scales over the values; only their order matters.
using ScaleErrors = std::function<void(std::span<const float> scales, std::span<double> errors)>;

// The best scale of a symmetric spec under these errors.
Scale ScanSymmetric(const ScaleInput& input, const ScaleErrors& errors_of);

// The best range, shrunk on both sides alike, of an asymmetric spec: the least sum of |x -
// q|^power.
Scale ScanAsymmetric(const ScaleInput& input, int power);

// |x|^power by multiplication.
double PowerOf(double x, int power);

}  // namespace bw::scales
