// The TensorFlow Lite importer (fuzz.h): bytes are changed, or words, which in a flatbuffer are
// offsets, lengths, extents and tensor numbers.
#include <cstring>

#include "bitwright/tflite/import.h"
#include "tests/fuzz/fuzz.h"

namespace bw::fuzz {
namespace {

// The word at a random place: another one of the file, a number, or one more or less.
void MutateWord(std::string& bytes, Rng& rng) {
  // Tables stand at both ends of the file, weights between them.
  constexpr std::size_t kTables = 1 << 14;
  const std::size_t words = bytes.size() / 4;
  const std::size_t near = rng.Below(std::min<std::size_t>(words, kTables / 4));
  const std::size_t word = rng.Below(2) == 0 ? near : words - 1 - near;
  std::int32_t value = 0;
  std::memcpy(&value, bytes.data() + 4 * word, 4);
  switch (rng.Below(3)) {
    case 0:
      std::memcpy(&value, bytes.data() + 4 * rng.Below(words), 4);
      break;
    case 1:
      value = static_cast<std::int32_t>(AnyNumber(rng));
      break;
    default:
      value = static_cast<std::int32_t>(static_cast<std::uint32_t>(value) + rng.Below(9) - 4);
  }
  std::memcpy(bytes.data() + 4 * word, &value, 4);
}

std::string Mutate(const std::string& bytes, Rng& rng) {
  if (rng.Below(4) == 0 || bytes.size() < 8) return MutateBytes(bytes, rng);
  std::string mutated = bytes;
  for (std::uint64_t i = 0; i <= rng.Below(3); ++i) MutateWord(mutated, rng);
  return mutated;
}

Expected<Graph> Import(std::string_view bytes) { return ImportTfliteBytes(bytes, "fuzz"); }

}  // namespace
}  // namespace bw::fuzz

int main(int argc, char** argv) {
  return bw::fuzz::Main(argc, argv, {bw::fuzz::Mutate, bw::fuzz::Import});
}
