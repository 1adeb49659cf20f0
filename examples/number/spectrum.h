#pragma once
// Power spectrum of a long signal by Welch's method, every value a Number or a double.

#include <complex>
#include <cstddef>
#include <vector>

namespace spectrum {

constexpr std::size_t kLength = 256;  // of a segment, a power of two
constexpr std::size_t kBins = kLength / 2 + 1;

// Two tones, one 40 dB below the other, a sweep and noise; the same on every machine.
std::vector<double> Signal(std::size_t segments);

// The mean power of half-overlapping, Hann-windowed segments, by the discrete Fourier transform as
// it is defined, in double: what the fast one is judged by.
std::vector<double> ReferenceSpectrum(const std::vector<double>& signal);

// The same by a fast Fourier transform whose every stored value is a Number.
std::vector<double> NumberSpectrum(const std::vector<double>& signal);

// 10 log10 of the reference's energy over that of the difference, in dB.
double SignalToNoise(const std::vector<double>& reference, const std::vector<double>& got);

}  // namespace spectrum
