#include "bitwright/runtime/machine.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "bitwright/base/file.h"
#include "bitwright/runtime/onednn/primitive.h"

namespace bw {
namespace {

using Json = nlohmann::ordered_json;
using dnnl::memory;
using Type = dnnl::memory::data_type;

// The best of several runs of at least a few milliseconds: a peak is what others do not take away.
template <typename Run>
double BestSeconds(const Run& run) {
  run();
  double best = 1e9;
  const auto begin = std::chrono::steady_clock::now();
  std::chrono::duration<double> total{0};
  while (total.count() < 0.25) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const auto end = std::chrono::steady_clock::now();
    best = std::min(best, std::chrono::duration<double>(end - start).count());
    total = end - begin;
  }
  return best;
}

double ProductPeak(Type source, Type weights, Type result) {
  constexpr std::int64_t kSize = 768;
  const kernels::OneThread guard;
  const memory::dims square = {kSize, kSize};
  const auto any = memory::format_tag::any;
  const dnnl::matmul::primitive_desc description({{square, source, memory::format_tag::ab},
                                                  {square, weights, any},
                                                  {square, result, memory::format_tag::ab}},
                                                 kernels::KernelAttributes(), kernels::CpuEngine());
  const memory a(description.src_desc(), kernels::CpuEngine());
  const memory b(description.weights_desc(), kernels::CpuEngine());
  const memory c(description.dst_desc(), kernels::CpuEngine());
  for (const memory& one : {a, b, c})
    std::memset(one.get_data_handle(), 0, one.get_desc().get_size());
  const kernels::Step step(description, dnnl::matmul(description),
                           {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
  dnnl::stream stream(kernels::CpuEngine());
  const double seconds = BestSeconds([&] { step.Run(stream); });
  return static_cast<double>(kSize) * kSize * kSize / seconds * 1e-9;
}

// Of `bytes` on either side.
double CopyPeak(std::size_t bytes, int times) {
  std::vector<char> from(bytes, 1), to(bytes);
  const double seconds = BestSeconds([&] {
    for (int i = 0; i < times; ++i) {
      std::memcpy(to.data(), from.data(), bytes);
      from[0] = to[static_cast<std::size_t>(i)];  // no copy is like the last
    }
  });
  return 2.0 * static_cast<double>(bytes) * times / seconds * 1e-9;
}

// Without the unit oneDNN emulates it: no peak.
double Bf16Peak() {
  const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
  if (isa != dnnl::cpu_isa::avx512_core_bf16 && isa != dnnl::cpu_isa::avx512_core_amx) return 0;
  return ProductPeak(Type::bf16, Type::bf16, Type::f32);
}

Json ToJson(const MachinePeaks& peaks) {
  return {{"cpu", peaks.cpu},
          {"isa", peaks.isa},
          {"float32_gmacs", peaks.float32},
          {"bf16_gmacs", peaks.bf16},
          {"int8_gmacs", peaks.int8},
          {"copy_gb_s", peaks.copy_bytes},
          {"memory_gb_s", peaks.memory_bytes}};
}

}  // namespace

std::string CpuName() {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line)) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string IsaName() {
  using dnnl::cpu_isa;
  switch (dnnl::get_effective_cpu_isa()) {
    case cpu_isa::sse41:
      return "sse41";
    case cpu_isa::avx:
      return "avx";
    case cpu_isa::avx2:
      return "avx2";
    case cpu_isa::avx2_vnni:
      return "avx2_vnni";
    case cpu_isa::avx512_core:
      return "avx512_core";
    case cpu_isa::avx512_core_vnni:
      return "avx512_core_vnni";
    case cpu_isa::avx512_core_bf16:
      return "avx512_core_bf16";
    case cpu_isa::avx512_core_amx:
      return "avx512_core_amx";
    default:
      return "other";
  }
}

MachinePeaks MeasurePeaks() {
  constexpr std::size_t kInSecondCache = std::size_t{1} << 17, kInMemory = std::size_t{1} << 27;
  return {CpuName(),
          IsaName(),
          ProductPeak(Type::f32, Type::f32, Type::f32),
          Bf16Peak(),
          ProductPeak(Type::u8, Type::s8, Type::s32),
          CopyPeak(kInSecondCache, 64),
          CopyPeak(kInMemory, 1)};
}

MachinePeaks KnownPeaks(const std::string& file) {
  if (const auto text = file.empty() ? Expected<std::string>("") : ReadFile(file)) {
    const Json json = Json::parse(*text, nullptr, false);
    const bool whole = json.is_object() && json.contains("memory_gb_s");
    if (whole && json.value("cpu", "") == CpuName() && json.value("isa", "") == IsaName()) {
      return {CpuName(),
              IsaName(),
              json.value("float32_gmacs", 0.0),
              json.value("bf16_gmacs", 0.0),
              json.value("int8_gmacs", 0.0),
              json.value("copy_gb_s", 0.0),
              json.value("memory_gb_s", 0.0)};
    }
  }
  const MachinePeaks peaks = MeasurePeaks();
  if (file.empty()) return peaks;
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), ignored);
  if (!WriteFile(file, ToJson(peaks).dump(2) + "\n")) return peaks;  // a cache may fail
  return peaks;
}

std::string CacheFile(const std::string& name) {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"))
    return std::string(cache) + "/bitwright/" + name;
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : std::string(home) + "/.cache/bitwright/" + name;
}

std::string PeaksFile() { return CacheFile("machine.json"); }

}  // namespace bw
