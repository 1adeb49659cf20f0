#include "spectrum.h"

#include <bitwright/number/number_array.h>

#include <cmath>
#include <cstdint>
#include <numbers>

namespace spectrum {
namespace {

using bw::number::Number;
using bw::number::NumberArray;
using std::numbers::pi;

double Hann(std::size_t i) {
  return 0.5 - 0.5 * std::cos(2 * pi * static_cast<double>(i) / static_cast<double>(kLength));
}

std::size_t Segments(const std::vector<double>& signal) {
  return signal.size() / (kLength / 2) - 1;
}

// Everything the transform stores, each kind under its own name.
struct Workspace {
  NumberArray window{"window", kLength};
  NumberArray cosine{"twiddle.re", kLength / 2}, sine{"twiddle.im", kLength / 2};
  NumberArray re{"data.re", kLength}, im{"data.im", kLength};
  NumberArray power{"power", kBins};

  Workspace() {
    for (std::size_t i = 0; i < kLength; ++i) window[i] = Hann(i);
    for (std::size_t i = 0; i < kLength / 2; ++i) {
      const double angle = -2 * pi * static_cast<double>(i) / static_cast<double>(kLength);
      cosine[i] = std::cos(angle);
      sine[i] = std::sin(angle);
    }
  }
  void Load(const double* samples);
  void Butterfly(std::size_t a, std::size_t b, std::size_t twiddle);
  void Transform();
};

// The windowed samples in bit-reversed order.
void Workspace::Load(const double* samples) {
  std::size_t reversed = 0;
  for (std::size_t i = 0; i < kLength; ++i) {
    re[reversed] = Number(samples[i]) * window[i];
    im[reversed] = 0;
    std::size_t bit = kLength / 2;
    for (; bit > 0 && (reversed & bit) != 0; bit /= 2) reversed ^= bit;
    reversed |= bit;
  }
}

// One butterfly, halved so that values stay below 1: the transform is that of the mean.
void Workspace::Butterfly(std::size_t a, std::size_t b, std::size_t twiddle) {
  const Number x = re[b] * cosine[twiddle] - im[b] * sine[twiddle];
  const Number y = re[b] * sine[twiddle] + im[b] * cosine[twiddle];
  const Number u = re[a], v = im[a];
  re[a] = (u + x) * 0.5;
  im[a] = (v + y) * 0.5;
  re[b] = (u - x) * 0.5;
  im[b] = (v - y) * 0.5;
}

// Decimation in time, radix 2, in place.
void Workspace::Transform() {
  for (std::size_t half = 1; half < kLength; half *= 2) {
    for (std::size_t block = 0; block < kLength; block += 2 * half) {
      for (std::size_t i = 0; i < half; ++i) {
        Butterfly(block + i, block + i + half, i * (kLength / 2 / half));
      }
    }
  }
}

}  // namespace

std::vector<double> Signal(std::size_t segments) {
  std::vector<double> signal((segments + 1) * kLength / 2);
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < signal.size(); ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const double noise = static_cast<double>(state >> 40) * 0x1p-24 - 0.5;
    const auto t = static_cast<double>(i);
    signal[i] = 0.6 * std::sin(0.3 * t) + 0.006 * std::sin(1.1 * t) +
                0.2 * std::sin(1.5 * t + 1e-5 * t * t) + 0.02 * noise;
  }
  return signal;
}

std::vector<double> ReferenceSpectrum(const std::vector<double>& signal) {
  std::vector<double> power(kBins, 0);
  const std::size_t segments = Segments(signal);
  for (std::size_t s = 0; s < segments; ++s) {
    for (std::size_t k = 0; k < kBins; ++k) {
      std::complex<double> sum = 0;
      for (std::size_t i = 0; i < kLength; ++i) {
        const double angle = -2 * pi * static_cast<double>(i * k % kLength) / kLength;
        sum += signal[s * kLength / 2 + i] * Hann(i) * std::polar(1.0, angle);
      }
      power[k] += std::norm(sum / static_cast<double>(kLength)) / static_cast<double>(segments);
    }
  }
  return power;
}

std::vector<double> NumberSpectrum(const std::vector<double>& signal) {
  Workspace work;
  const std::size_t segments = Segments(signal);
  const Number share = 1.0 / static_cast<double>(segments);
  for (std::size_t s = 0; s < segments; ++s) {
    work.Load(&signal[s * kLength / 2]);
    work.Transform();
    for (std::size_t k = 0; k < kBins; ++k) {
      work.power[k] += (work.re[k] * work.re[k] + work.im[k] * work.im[k]) * share;
    }
  }
  std::vector<double> power(kBins);
  for (std::size_t k = 0; k < kBins; ++k) power[k] = work.power[k].AsFloat();
  return power;
}

double SignalToNoise(const std::vector<double>& reference, const std::vector<double>& got) {
  double energy = 0, error = 0;
  for (std::size_t k = 0; k < kBins; ++k) {
    energy += reference[k] * reference[k];
    error += (got[k] - reference[k]) * (got[k] - reference[k]);
  }
  return 10 * std::log10(energy / error);
}

}  // namespace spectrum
