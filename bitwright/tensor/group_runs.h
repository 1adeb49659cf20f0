#pragma once
// The elements of a grouping as runs of consecutive ones, for loops that are faster than one
// GroupOf per element.

#include <algorithm>

#include "bitwright/tensor/qtensor.h"

namespace bw {

// `size` consecutive elements: all of group `group` when step is 0; of groups group, group + 1, ...
// when it is 1.
struct GroupRun {
  std::size_t begin = 0;
  std::size_t size = 0;
  std::size_t group = 0;
  std::size_t step = 0;
};

// The runs of tiles: the columns of one tile on one row, or the whole row where tiles are one
// column wide.
template <typename Body>
void ForEachTileRun(const Grouping& grouping, const Body& body) {
  if (grouping.inner_block == 1 && grouping.inner > 0) {
    for (std::int64_t row = 0; row < grouping.outer * grouping.reduce; ++row) {
      const std::int64_t first = row * grouping.inner;
      body(GroupRun{static_cast<std::size_t>(first), static_cast<std::size_t>(grouping.inner),
                    static_cast<std::size_t>(grouping.GroupOf(first)), 1});
    }
    return;
  }
  for (std::int64_t row = 0; row < grouping.outer * grouping.reduce; ++row) {
    for (std::int64_t column = 0; column < grouping.inner; column += grouping.inner_block) {
      const std::int64_t first = row * grouping.inner + column;
      const std::int64_t size = std::min(grouping.inner_block, grouping.inner - column);
      body(GroupRun{static_cast<std::size_t>(first), static_cast<std::size_t>(size),
                    static_cast<std::size_t>(grouping.GroupOf(first)), 0});
    }
  }
}

// Calls body(GroupRun) for runs that cover every element once, in order.
template <typename Body>
void ForEachRun(const Grouping& grouping, const Body& body) {
  if (grouping.inner_block > 0) return ForEachTileRun(grouping, body);
  const std::int64_t rows = grouping.outer * grouping.reduce;
  std::int64_t rows_per_run = grouping.block;
  std::size_t step = 0;
  if (grouping.inner_shared && grouping.block == 1 && grouping.inner == 1) {
    rows_per_run = grouping.reduce;
    step = 1;
  } else if (!grouping.inner_shared && grouping.inner > 1) {
    rows_per_run = 1;
    step = 1;
  }
  const auto size = static_cast<std::size_t>(rows_per_run * grouping.inner);
  if (size == 0) return;
  for (std::int64_t row = 0; row < rows; row += rows_per_run) {
    const std::int64_t first = row * grouping.inner;
    body(GroupRun{static_cast<std::size_t>(first), size,
                  static_cast<std::size_t>(grouping.GroupOf(first)), step});
  }
}

}  // namespace bw
