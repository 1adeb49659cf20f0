#pragma once
// Bytes that are read at any offset: a file left on disk, or a buffer.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "bitwright/base/error.h"

namespace bw {

// Cheap to copy; Read is thread-safe.
class ByteSource {
 public:
  // Fails on a missing file, a folder, or a file that may not be read.
  static Expected<ByteSource> OpenFile(const std::string& path);
  // `name` stands in messages.
  static ByteSource FromMemory(std::string bytes, std::string name);

  std::size_t size() const;
  const std::string& name() const;
  // Fills `out` from `offset`; fails when the bytes end before.
  Expected<void> Read(std::size_t offset, std::span<std::uint8_t> out) const;
  // The same into a string, of at most what there is: fewer bytes at the end.
  Expected<std::string> ReadUpTo(std::size_t offset, std::size_t count) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace bw
