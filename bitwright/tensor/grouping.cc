#include <algorithm>
#include <numeric>

#include "bitwright/tensor/qtensor.h"

namespace bw {
namespace {

std::int64_t Product(const Shape& shape, std::size_t begin, std::size_t end) {
  return ElementCount(Shape(shape.begin() + static_cast<std::ptrdiff_t>(begin),
                            shape.begin() + static_cast<std::ptrdiff_t>(end)));
}

Expected<std::size_t> CheckAxis(int axis, const Shape& shape) {
  if (axis >= 0 && static_cast<std::size_t>(axis) < shape.size()) {
    return static_cast<std::size_t>(axis);
  }
  if (shape.empty()) return Fail("axis {} does not exist, a scalar has no axes; try t", axis);
  return Fail("axis {} does not exist, shape {} has axes 0 to {}", axis, ShapeText(shape),
              shape.size() - 1);
}

// "b32 or b64": the nearest divisors of `extent` below and above `size`.
std::string NearestBlocks(std::int64_t extent, const PerBlock& block) {
  const std::string at = block.axis < 0 ? "" : fmt::format("@{}", block.axis);
  std::int64_t below = std::min<std::int64_t>(block.size, extent);
  while (extent % below != 0) --below;
  std::int64_t above = block.size;
  while (above < extent && extent % above != 0) ++above;
  if (above >= extent && below == extent) return fmt::format("b{}{}", below, at);
  return fmt::format("b{}{} or b{}{}", below, at, above, at);
}

Expected<void> CheckBlock(std::int64_t extent, const PerBlock& block) {
  BW_CHECK(block.size > 0);
  if (extent % block.size == 0) return {};
  const std::string what =
      block.axis < 0 ? "its rows have" : fmt::format("its axis {} has", block.axis);
  return Fail("{} {} elements, not a multiple of {}; try {}", what, extent, block.size,
              NearestBlocks(extent, block));
}

Grouping WholeTensor(const Shape& shape) {
  Grouping grouping;
  grouping.inner = ElementCount(shape);
  grouping.outer_shared = true;
  return grouping;
}

Expected<Grouping> ByChannel(const PerChannel& channel, const Shape& shape) {
  BW_ASSIGN(const std::size_t axis, CheckAxis(channel.axis, shape));
  Grouping grouping;
  grouping.outer = Product(shape, 0, axis);
  grouping.reduce = shape[axis];
  grouping.inner = Product(shape, axis + 1, shape.size());
  grouping.outer_shared = true;
  grouping.scale_shape.assign(shape.size(), 1);
  grouping.scale_shape[axis] = shape[axis];
  return grouping;
}

Expected<Grouping> ByRowBlock(const PerBlock& block, const Shape& shape) {
  Grouping grouping;
  grouping.outer = shape.size() < 2 ? 1 : shape[0];
  grouping.reduce = shape.size() < 2 ? ElementCount(shape) : Product(shape, 1, shape.size());
  grouping.block = block.size;
  BW_TRY(CheckBlock(grouping.reduce, block));
  grouping.scale_shape = {grouping.outer, grouping.reduce / block.size};
  return grouping;
}

Expected<Grouping> ByAxisBlock(const PerBlock& block, const Shape& shape) {
  BW_ASSIGN(const std::size_t axis, CheckAxis(block.axis, shape));
  Grouping grouping;
  grouping.outer = Product(shape, 0, axis);
  grouping.reduce = shape[axis];
  grouping.inner = Product(shape, axis + 1, shape.size());
  grouping.inner_shared = false;
  grouping.block = block.size;
  BW_TRY(CheckBlock(grouping.reduce, block));
  grouping.scale_shape = shape;
  grouping.scale_shape[axis] /= block.size;
  return grouping;
}

std::int64_t CeilDiv(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

Expected<Grouping> ByTile(const PerTile& tile, const Shape& shape) {
  BW_ASSIGN(const std::size_t axis, CheckAxis(tile.axis, shape));
  BW_CHECK(tile.rows > 0 && tile.columns > 0);
  Grouping grouping;
  grouping.outer = Product(shape, 0, axis);
  grouping.reduce = shape[axis];
  grouping.inner = Product(shape, axis + 1, shape.size());
  grouping.inner_shared = false;
  grouping.block = tile.rows;
  grouping.inner_block = tile.columns;
  grouping.scale_shape.assign(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(axis));
  grouping.scale_shape.push_back(CeilDiv(grouping.reduce, tile.rows));
  grouping.scale_shape.push_back(CeilDiv(grouping.inner, tile.columns));
  return grouping;
}

}  // namespace

std::int64_t Grouping::groups() const {
  if (inner_block > 0) return outer * CeilDiv(reduce, block) * CeilDiv(inner, inner_block);
  return (outer_shared ? 1 : outer) * (reduce / block) * (inner_shared ? 1 : inner);
}

std::int64_t Grouping::GroupOf(std::int64_t element) const {
  if (inner_block > 0) {
    const std::int64_t line = element / inner;
    const std::int64_t tile_row = line / reduce * CeilDiv(reduce, block) + line % reduce / block;
    return tile_row * CeilDiv(inner, inner_block) + element % inner / inner_block;
  }
  const std::int64_t inner_index = inner_shared ? 0 : element % inner;
  const std::int64_t row = element / inner;
  const std::int64_t outer_index = outer_shared ? 0 : row / reduce;
  const std::int64_t block_index = outer_index * (reduce / block) + row % reduce / block;
  return block_index * (inner_shared ? 1 : inner) + inner_index;
}

Expected<Grouping> MakeGrouping(const Grain& grain, const Shape& shape) {
  if (const auto* channel = std::get_if<PerChannel>(&grain)) return ByChannel(*channel, shape);
  if (const auto* tile = std::get_if<PerTile>(&grain)) return ByTile(*tile, shape);
  const auto* block = std::get_if<PerBlock>(&grain);
  if (block == nullptr) return WholeTensor(shape);
  return block->axis < 0 ? ByRowBlock(*block, shape) : ByAxisBlock(*block, shape);
}

}  // namespace bw
