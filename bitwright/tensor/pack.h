#pragma once
// Packed codes: element i occupies bits [i*bits, (i+1)*bits) of a little-endian bit stream.

#include <cstdint>
#include <span>

namespace bw {

// Codes of 1 to 8 bits, one a byte (higher bits must be 0), to PackedBytes(bits, size) bytes and
// back.
void PackCodes(std::span<const std::uint8_t> codes, int bits, std::uint8_t* bytes);
void UnpackCodes(const std::uint8_t* bytes, int bits, std::span<std::uint8_t> codes);

// The same for codes of 1 to 16 bits, one a word.
void PackCodes(std::span<const std::uint16_t> codes, int bits, std::uint8_t* bytes);
void UnpackCodes(const std::uint8_t* bytes, int bits, std::span<std::uint16_t> codes);

}  // namespace bw
