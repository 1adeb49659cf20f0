// spectrum <segments> [plan]: prints the signal-to-noise ratio of the spectrum in Numbers against
// the one in double.

#include <bitwright/number/number.h>

#include <cstdio>
#include <cstdlib>

#include "spectrum.h"

int main(int argc, char** argv) {
  const int segments = argc > 1 ? std::atoi(argv[1]) : 0;
  if (segments < 1 || argc > 3) {
    std::fprintf(stderr, "usage: spectrum <segments> [plan]\n");
    return 2;
  }
  if (argc == 3) {
    if (const auto plan = bw::number::UsePlanFile(argv[2]); !plan) {
      std::fprintf(stderr, "spectrum: %s\n", plan.error().message.c_str());
      return 3;
    }
  }
  const auto signal = spectrum::Signal(static_cast<std::size_t>(segments));
  const auto power = spectrum::NumberSpectrum(signal);
  if (const auto checked = bw::number::CheckPlan(); !checked) {
    std::fprintf(stderr, "spectrum: %s\n", checked.error().message.c_str());
    return 3;
  }
  std::printf("snr_db=%.4f\n", spectrum::SignalToNoise(spectrum::ReferenceSpectrum(signal), power));
  return 0;
}
