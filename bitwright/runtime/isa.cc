#include "bitwright/runtime/isa.h"

#include <hwy/targets.h>

#include <array>
#include <cstdlib>
#include <dnnl.hpp>
#include <string_view>

namespace bw {
namespace {

constexpr std::int64_t kAvx512Targets = HWY_AVX3 | HWY_AVX3_DL;

struct Level {
  std::string_view name;
  dnnl::cpu_isa most;
  std::int64_t disabled;  // Highway's targets
};

constexpr std::array<Level, 5> kLevels = {{
    {"avx2", dnnl::cpu_isa::avx2, kAvx512Targets},
    {"avx512", dnnl::cpu_isa::avx512_core, kAvx512Targets & ~HWY_AVX3},
    {"avx512_vnni", dnnl::cpu_isa::avx512_core_vnni, 0},
    {"avx512_bf16", dnnl::cpu_isa::avx512_core_bf16, 0},
    {"amx", dnnl::cpu_isa::avx512_core_amx, 0},
}};

Expected<void> Obey() {
  const char* wanted = std::getenv("BITWRIGHT_ISA");
  if (wanted == nullptr || *wanted == '\0') return {};
  for (const Level& level : kLevels) {
    if (level.name != wanted) continue;
    if (dnnl::set_max_cpu_isa(level.most) != dnnl::status::success)
      return Fail("BITWRIGHT_ISA: '{}' came too late, kernels were made already", wanted);
    hwy::DisableTargets(level.disabled);
    return {};
  }
  return FailUsage(
      "BITWRIGHT_ISA: unknown level '{}', allowed are avx2, avx512, avx512_vnni, avx512_bf16, amx",
      wanted);
}

}  // namespace

Expected<void> ObeyIsa() {
  static const Expected<void> outcome = Obey();
  return outcome;
}

}  // namespace bw
