#include "bitwright/quant/scale_method.h"

namespace bw::scales {

BW_ENTRY(ScaleMethod, max) = {"max",
                              "the largest value lands on the format's largest: nothing is clipped",
                              [](const ScaleInput& input, double) -> Expected<Scale> {
                                return ScaleForRange(input.min, input.max, *input.spec);
                              }};

}  // namespace bw::scales
