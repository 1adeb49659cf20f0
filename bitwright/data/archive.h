#pragma once
// Files inside a .tar (plain, gzip, bzip2, xz, zstd) or .zip, found once and read at any time.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/data/byte_source.h"

namespace bw {

// A regular file of an archive. What lies uncompressed in the archive stays there, else its bytes
// are kept in memory.
struct ArchiveMember {
  std::string name;  // without a leading "./"
  ByteSource bytes;
  std::size_t offset = 0, size = 0;  // within `bytes`
};

// Bytes that ListArchive keeps in memory at most.
constexpr std::size_t kMaxKeptBytes = std::size_t{4} << 30;

// The wanted members in the archive's order. Fails on a damaged archive, naming the member reached,
// and when more than `max_kept` bytes would be kept.
Expected<std::vector<ArchiveMember>> ListArchive(
    const std::string& path, const std::function<bool(std::string_view name)>& wanted,
    std::size_t max_kept = kMaxKeptBytes);

Expected<std::string> ReadMember(const ArchiveMember& member);

}  // namespace bw
