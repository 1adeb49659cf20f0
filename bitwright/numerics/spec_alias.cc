#include "bitwright/numerics/quant_spec.h"

namespace bw {
namespace {

constexpr std::string_view kMx = "OCP Microscaling Formats (MX) v1.0";
constexpr std::string_view kMsfp = "Microsoft floating point, NeurIPS 2020";
constexpr std::string_view kNvfp = "NVIDIA Blackwell, NVFP4";
constexpr std::string_view kBitq = "BitQ, arXiv 2409.17093";

// MX: the int8 element has an implied scale of 2^-6, which any power-of-two scale covers. MSFP-N:
// 16 elements of N - 8 bits, sign and magnitude, share an exponent of 8 bits. BitQ: its element has
// the bias 2^(e-1), twice ours: the shared exponent covers that too.
constexpr SpecAlias kAliases[] = {
    {"mxfp4", "e2m1:b32:e8m0", kMx},          {"mxfp6_e2m3", "e2m3:b32:e8m0", kMx},
    {"mxfp6_e3m2", "e3m2:b32:e8m0", kMx},     {"mxfp8_e4m3", "e4m3fn:b32:e8m0", kMx},
    {"mxfp8_e5m2", "e5m2:b32:e8m0", kMx},     {"mxint8", "int8:b32:e8m0", kMx},
    {"nvfp4", "e2m1:b16:e4m3fn*fp32", kNvfp}, {"msfp11", "fixed3:b16:e8m0", kMsfp},
    {"msfp12", "fixed4:b16:e8m0", kMsfp},     {"msfp13", "fixed5:b16:e8m0", kMsfp},
    {"msfp14", "fixed6:b16:e8m0", kMsfp},     {"msfp15", "fixed7:b16:e8m0", kMsfp},
    {"msfp16", "fixed8:b16:e8m0", kMsfp},     {"bitq_e2m3", "e2m3:m32x32:e8m0", kBitq},
    {"bitq_e2m5", "e2m5:m32x32:e8m0", kBitq},
};

}  // namespace

std::span<const SpecAlias> SpecAliases() { return kAliases; }

}  // namespace bw
