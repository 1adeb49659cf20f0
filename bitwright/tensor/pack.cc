#include "bitwright/tensor/qtensor.h"

namespace bw {

std::size_t PackedBytes(int bits, std::size_t count) {
  BW_CHECK(bits >= 1 && bits <= 32);
  const auto width = static_cast<std::size_t>(bits);
  return count / 8 * width + (count % 8 * width + 7) / 8;
}

std::vector<std::uint8_t> Pack(std::span<const Code> codes, int bits) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(PackedBytes(bits, codes.size()));
  std::uint64_t pending = 0;
  int pending_bits = 0;
  for (const Code code : codes) {
    BW_CHECK(bits == 32 || code >> bits == 0);
    pending |= std::uint64_t{code} << pending_bits;
    for (pending_bits += bits; pending_bits >= 8; pending_bits -= 8) {
      bytes.push_back(static_cast<std::uint8_t>(pending));
      pending >>= 8;
    }
  }
  if (pending_bits > 0) bytes.push_back(static_cast<std::uint8_t>(pending));
  return bytes;
}

std::vector<Code> Unpack(std::span<const std::uint8_t> bytes, int bits, std::size_t count) {
  BW_CHECK(bytes.size() == PackedBytes(bits, count));
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  std::vector<Code> codes(count);
  std::uint64_t pending = 0;
  int pending_bits = 0;
  std::size_t next = 0;
  for (Code& code : codes) {
    for (; pending_bits < bits; pending_bits += 8) {
      pending |= std::uint64_t{bytes[next++]} << pending_bits;
    }
    code = static_cast<Code>(pending & mask);
    pending >>= bits;
    pending_bits -= bits;
  }
  return codes;
}

}  // namespace bw
