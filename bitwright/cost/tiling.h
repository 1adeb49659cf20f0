#pragma once
// How many bits a layer moves through a hierarchy of memories when its loops are tiled: the model
// of BitQ (arXiv 2409.17093 and the authors' code), after MOpt (ASPLOS 2021). The least is found by
// a discrete search over tiles and loop orders in place of the authors' non-linear solver.
//
// Memories: 0 registers, 1 and 2 the caches of a core, 3 the part of a layer that one core gets, 4
// the shared cache, 5 everything (main memory). What moves is counted for each of the four steps
// 0-1, 1-2, 2-3 and 4-5.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bitwright/cost/work.h"

namespace bw {

// The loops of a convolution: filter, output row and column, channel, kernel row and column.
enum class Loop : std::uint8_t { kF, kX, kY, kC, kW, kH };
inline constexpr std::size_t kLoops = 6;
using Tile = std::array<std::int64_t, kLoops>;  // extent of each loop
using LoopOrder = std::array<Loop, kLoops>;     // innermost first
enum class Moved : std::uint8_t { kInput, kKernel, kOutput };
using Strides = std::array<std::int64_t, 2>;  // of rows and columns

// Elements that a tile touches: x*y*f of the output, f*c*w*h of the kernel, c*(x*s + w)*(y*s + h)
// of the input, as the authors have it (no -1).
double Footprint(Moved tensor, const Tile& tile, const Strides& strides);

// Elements moved when loops of extent `outer` run over tiles in this order: the footprint, free
// until the first loop that the tensor depends on, which replaces the tile's extent by the loop's
// where it slides (x with w, y with h: the halo stays), else multiplies by outer / tile as every
// later loop does.
double MovedElements(Moved tensor, const Tile& tile, const Tile& outer, const LoopOrder& order,
                     const Strides& strides);

struct MemoryHierarchy {
  std::array<double, 3> capacity_bits;  // memories 1, 2, 4
  std::array<double, 4> bandwidth;      // of the four steps: weights of the bottleneck
  std::array<double, 4> pj_per_bit;
  std::int64_t cores = 1;
};

inline constexpr std::size_t kMovements = 4;

// What an optimal tiling moves: bits of each step in all cores together.
struct Movement {
  std::array<double, kMovements> bits = {};
  std::array<Tile, 4> tiles = {};  // memories 1, 2, 3, 4
  bool fits = true;                // false: not even the smallest tile fits some memory
};

// Bits of an element of the input, the kernel and the output.
using ElementBits = std::array<double, 3>;

// The tilings of one loop nest. Making it takes some milliseconds, Best some tenths of one.
class Tilings {
 public:
  Tilings(const Extents& extents, const MemoryHierarchy& memory);

  // Least cost of the dearest step (bits / bandwidth, / cores for the first three); among these the
  // least energy. Outputs count twice: read and written.
  Movement Best(const ElementBits& bits) const;

 private:
  // What moves between tiles of two memories, whole layer, elements: one loop order of those that
  // no other order beats for every tensor.
  struct Step {
    std::size_t from, to;
    std::array<double, 3> elements;
  };
  struct Search;

  void MakeTiles(const Extents& extents);
  void MarkTilesOfACore();
  void MakeSteps();
  void MakeFirstSteps();
  void AddStep(std::size_t from, std::size_t to);

  Tile whole_;
  Strides strides_;
  double groups_;
  MemoryHierarchy memory_;
  std::vector<Tile> tiles_;                   // the whole is the last
  std::vector<char> of_a_core_;               // by tile: small enough for one core
  std::vector<Step> steps_;                   // by `to`
  std::vector<std::array<double, 3>> first_;  // by tile of memory 1: step 0-1
};

}  // namespace bw
