#pragma once
// What the kernels of one format of at most 8 bits look up: codes and values by table.

#include <array>
#include <cstdint>
#include <vector>

#include "bitwright/numerics/format.h"
#include "bitwright/tensor/bound_table.h"
#include "bitwright/tensor/float_round.h"
#include "bitwright/tensor/gather_table.h"
#include "bitwright/tensor/index_table.h"
#include "bitwright/tensor/log_table.h"
#include "bitwright/tensor/round_table.h"

namespace bw {

// Finds the region of a ratio, between two neighbours of the thresholds, by its leading bits.
//
// The exponent and leading fraction bits of x * factor / scale select one of up to 1024 buckets
// with at most one threshold each; the 16 bits that follow are compared with those of the
// threshold. |factor| moves every threshold away from the edges of its bucket, so that a float off
// by a few units is in the right one. Within kUncertain units of a threshold nothing is decided.
// Regions are numbered from zero outwards on either side of zero.
struct RegionTable {
  static constexpr int kMostBuckets = 1024;
  static constexpr int kUncertain = 4;
  // In a class: no threshold, the region is the low 7 bits; else the region is them, or the next.
  static constexpr std::uint8_t kNoThreshold = 0x80;

  int bucket_count = 0;  // of both sides together; 0: no table fits this format
  // The sides have buckets of their own, side 1 behind side 0; else the thresholds of both are
  // one list of magnitudes.
  bool two_sided = false;
  // Negative where the code of 0 lies on the side of the negative values: side 0 has those then.
  float factor = 1;
  int fraction_bits = 0;         // of a bucket
  std::uint16_t first_word = 0;  // the first bucket's exponent and fraction, as a float's high word
  alignas(64) std::uint8_t classes[kMostBuckets] = {};
  // By side and the low 7 bits of the class: the 16 bits of its threshold, less 2^15.
  alignas(64) std::uint8_t threshold_low[2][128] = {};
  alignas(64) std::uint8_t threshold_high[2][128] = {};
  // By side and region + 127 modulo 128: the code, and the bytes of the value as a float.
  alignas(64) std::uint8_t codes[2][128] = {};
  alignas(64) std::uint8_t values[2][4][128] = {};
  bool mirrored = false;  // values[1] are the negatives of values[0]; factor is positive
};

struct CodeTable {
  explicit CodeTable(const Format& format);

  Format format;
  const RoundTable& exact;
  const FloatRound& fast;
  RegionTable regions;
  IndexTable indices;
  LogTable logs;
  BoundTable bounds;
  GatherTable gather;  // where there is no RegionTable
  // Codes of `below` and `above` of each bucket of `exact`, where it has buckets.
  std::vector<std::array<std::uint8_t, 2>> bucket_codes;
  std::uint8_t nan_code = 0;
  float values[256] = {};  // by code; 0 where the code denotes no finite value
  // Byte p of values[code].
  alignas(64) std::uint8_t value_bytes[4][256] = {};
  bool short_values = false;  // the two low bytes of every value are 0
  // Uniform formats (fast.kind): the code by the steps (value - offset) / quantum modulo 256.
  alignas(64) std::uint8_t code_of_step[256] = {};
  float least_step = 0, most_step = 0;
};

// The table of a format of at most 8 bits, built at the first call and kept; thread-safe.
const CodeTable& CodeTableOf(const Format& format);

// One element, symmetric, by the buckets of table.exact: the same code as EncodeByLaw.
std::uint8_t EncodeByBucket(const CodeTable& table, float x, float scale);

// One element by the law of qtensor.h.
std::uint8_t EncodeByLaw(const CodeTable& table, float x, float scale, std::int32_t zero,
                         bool symmetric);

}  // namespace bw
