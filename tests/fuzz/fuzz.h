#pragma once
// Mutated files against an importer: whatever a file holds, the answer is a graph or an error,
// never a crash. One program for each kind of file:
//
//   <kind>_fuzz <seconds> <seed> <model>...
//
// Each round takes a model, mutates and imports it; small graphs that import are run on zeros.
// Prints the seed of each round that takes long; a crash prints where it was by the sanitizers.
// FUZZ_KEEP names a file that holds the bytes of the round at hand.

#include <cstdint>
#include <string>
#include <string_view>

#include "bitwright/base/rng.h"
#include "bitwright/graph/graph.h"

namespace bw::fuzz {

struct Kind {
  std::string (*mutate)(const std::string& bytes, Rng& rng);
  Expected<Graph> (*import)(std::string_view bytes);
};

// A number at which arithmetic on extents breaks, or a small one.
std::int64_t AnyNumber(Rng& rng);

// Flips, overwrites, cuts out or repeats bytes.
std::string MutateBytes(std::string bytes, Rng& rng);

int Main(int argc, char** argv, const Kind& kind);

}  // namespace bw::fuzz
