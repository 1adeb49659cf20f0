// spectrum-tune <least dB>: finds the plan within this one process and prints it.

#include <bitwright/number/tune.h>

#include <cstdio>
#include <cstdlib>

#include "spectrum.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: spectrum-tune <least signal-to-noise ratio in dB>\n");
    return 2;
  }
  const auto signal = spectrum::Signal(32);
  const auto reference = spectrum::ReferenceSpectrum(signal);

  bw::number::TuneNumbersOptions options;
  options.bound.limit = std::atof(argv[1]);
  options.groups = {"data.*", "twiddle.*"};
  const auto result = bw::number::TuneNumbers(options, [&](bw::SampleSet) {
    return spectrum::SignalToNoise(reference, spectrum::NumberSpectrum(signal));
  });

  if (!result) {
    std::fprintf(stderr, "spectrum-tune: %s\n", result.error().message.c_str());
    return 3;
  }
  std::printf("# %.2f dB in %.0f bits, %.2f dB in %.0f bits of float32\n%s", result->value,
              result->bits, result->float_value, result->float_bits, result->plan.ToText().c_str());
  return result->feasible ? 0 : 1;
}
