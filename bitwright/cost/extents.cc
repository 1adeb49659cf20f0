#include "bitwright/cost/extents.h"

#include <algorithm>
#include <numeric>

#include "bitwright/graph/op.h"

namespace bw {
namespace {

// All spatial axes but the last count as rows.
std::int64_t Rows(const Shape& shape) {
  return std::accumulate(shape.begin() + 2, shape.end() - 1, std::int64_t{1}, std::multiplies<>());
}

Extents OfConvolution(const Node& node, const Shape& x, const Shape& w, const Shape& y) {
  const bool transposed = node.op->name == "ConvTranspose";
  const Shape& places = transposed ? x : y;
  Extents e;
  e.groups = node.attributes.Int("group", 1);
  e.channels = x[1] / e.groups;
  e.filters = y[1] / e.groups;
  e.rows = Rows(places);
  e.columns = places.back();
  e.kernel_rows = Rows(w);
  e.kernel_columns = w.back();
  const auto strides = node.attributes.Ints("strides", std::vector<std::int64_t>(x.size() - 2, 1));
  if (transposed) return e;
  e.column_stride = strides.back();
  if (strides.size() > 1) e.row_stride = strides[strides.size() - 2];
  return e;
}

}  // namespace

Extents ExtentsOf(const Node& node, std::span<const TensorType> inputs,
                  std::span<const TensorType> outputs, std::int64_t macs) {
  const Shape& y = outputs[0].shape;
  if (node.op->name == "Conv" || node.op->name == "ConvTranspose")
    return OfConvolution(node, inputs[0].shape, inputs[1].shape, y);
  Extents e;
  const std::int64_t results = std::max<std::int64_t>(1, ElementCount(y));
  e.filters = y.empty() ? 1 : std::max<std::int64_t>(1, y.back());
  e.columns = results / e.filters;
  e.channels = std::max<std::int64_t>(1, macs / results);
  return e;
}

}  // namespace bw
