#pragma once
// What this machine can do on one thread: the ceiling that a layer's speed is a fraction of.

#include <string>

#include "bitwright/base/error.h"

namespace bw {

struct MachinePeaks {
  std::string cpu;  // as the system names it
  std::string isa;  // the level that oneDNN uses: "avx512_core_vnni"
  // 10^9 multiply-accumulates a second, of a product of matrices; bf16 is 0 without its unit.
  double float32 = 0, bf16 = 0, int8 = 0;
  // 10^9 bytes a second, read and written, in the second cache and in main memory.
  double copy_bytes = 0, memory_bytes = 0;
};

// Measures for about a second.
MachinePeaks MeasurePeaks();

// The peaks kept in the file, if they are of this processor and level; else measured and kept
// there. An empty path keeps nothing.
MachinePeaks KnownPeaks(const std::string& file);

// As the system names the processor; the level that oneDNN uses.
std::string CpuName();
std::string IsaName();

// $XDG_CACHE_HOME/bitwright/<name>, or the same below ~/.cache; empty without a home.
std::string CacheFile(const std::string& name);
std::string PeaksFile();  // CacheFile("machine.json")

}  // namespace bw
