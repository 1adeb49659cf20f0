// NormalFloat, 4 bits: quantiles of the normal distribution with an exact zero, scaled to [-1, 1].
// The sixteen float32 values are those that bitsandbytes publishes for QLoRA, in its code order.

#include "bitwright/numerics/format.h"

namespace bw::families {
namespace {

constexpr std::string_view kExamples[] = {"nf4"};
constexpr float kValues[] = {-1.0f,
                             -0.6961928009986877f,
                             -0.5250730514526367f,
                             -0.39491748809814453f,
                             -0.28444138169288635f,
                             -0.18477343022823334f,
                             -0.09105003625154495f,
                             0.0f,
                             0.07958029955625534f,
                             0.16093020141124725f,
                             0.24611230194568634f,
                             0.33791524171829224f,
                             0.44070982933044434f,
                             0.5626170039176941f,
                             0.7229568362236023f,
                             1.0f};

std::optional<Expected<FormatDef>> Parse(std::string_view name) {
  if (name != "nf4") return std::nullopt;
  return FormatDef{"nf4", 4, [](Code code) { return static_cast<double>(kValues[code]); }};
}

}  // namespace

BW_ENTRY(FormatFamily, nf4) = {"nf4",
                               "nf4",
                               "quantiles of the normal distribution",
                               "QLoRA, NeurIPS 2023, arXiv 2305.14314",
                               kExamples,
                               Parse};

}  // namespace bw::families
