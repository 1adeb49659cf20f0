#pragma once
// The memory of this process: what it may take, and what it has taken.

#include <cstddef>
#include <string_view>

#include "bitwright/base/error.h"

namespace bw {

// "2g", "500m", "64k", "1.5g", or bytes; powers of 1000. Fails on anything else, and on 0.
Expected<std::size_t> ParseBytes(std::string_view text);

// Of the machine, or of the control group that confines the process.
std::size_t MachineMemory();
// Resident bytes now, and the most there were since the start.
std::size_t ResidentMemory();
std::size_t PeakMemory();

// Has the allocator give large blocks back to the system as soon as they are freed, instead of
// keeping them for later: for programs whose memory is bounded.
void ReturnFreedMemory();

// How much of the machine's memory this process may take: half of it until somebody says else (0:
// half again). What takes memory in quantities that can be chosen (workers, caches) asks FreeMemory
// first. Results do not depend on it, except where fewer samples are drawn for want of room, which
// the drawing function says.
void SetMemoryBound(std::size_t bytes);
std::size_t MemoryBound();
// The bound less what is resident, and less an eighth of it (64 MB at most) for what nobody asks
// for; 0 beyond it.
std::size_t FreeMemory();

}  // namespace bw
