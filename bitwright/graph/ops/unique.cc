// The different elements (or slices along an axis), sorted or in the order of their first place;
// outputs 1 to 3: those places, for each element its place in the output, how often each occurs.

#include <cstring>
#include <numeric>

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

// The input as rows to compare.
struct Rows {
  std::int64_t outer = 1, extent = 1, inner = 1;

  std::size_t At(std::int64_t row, std::int64_t i) const {
    return static_cast<std::size_t>((i / inner * extent + row) * inner + i % inner);
  }
};

Expected<Rows> MakeRows(const Node& node, const Shape& shape) {
  if (!node.attributes.Has("axis")) return Rows{1, ElementCount(shape), 1};
  BW_ASSIGN(const std::size_t axis, NormalAxis(node.attributes.Int("axis", 0), shape.size()));
  return Rows{Product(shape, 0, axis), shape[axis], Product(shape, axis + 1, shape.size())};
}

struct Found {
  std::vector<std::int64_t> first, count, place;  // by unique row, by unique row, by row
};

template <typename T>
Found Find(const ConstTensorRef& input, const Rows& rows, bool sorted) {
  const auto x = input.span<T>();
  const auto compare = [&](std::int64_t a, std::int64_t b) {
    for (std::int64_t i = 0; i < rows.outer * rows.inner; ++i) {
      const T u = x[rows.At(a, i)], v = x[rows.At(b, i)];
      if (InOrder(u, v)) return -1;
      if (InOrder(v, u)) return 1;
    }
    return 0;
  };
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows.extent));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return compare(a, b) < 0; });
  Found by_value{{}, {}, std::vector<std::int64_t>(order.size())};
  for (const std::int64_t row : order) {
    if (by_value.first.empty() || compare(by_value.first.back(), row) != 0) {
      by_value.first.push_back(row);
      by_value.count.push_back(0);
    }
    ++by_value.count.back();
    by_value.place[static_cast<std::size_t>(row)] =
        static_cast<std::int64_t>(by_value.first.size()) - 1;
  }
  if (sorted) return by_value;
  std::vector<std::size_t> by_first(by_value.first.size());
  std::iota(by_first.begin(), by_first.end(), std::size_t{0});
  std::sort(by_first.begin(), by_first.end(),
            [&](std::size_t a, std::size_t b) { return by_value.first[a] < by_value.first[b]; });
  Found found{{}, {}, by_value.place};
  std::vector<std::int64_t> moved(by_first.size());
  for (std::size_t i = 0; i < by_first.size(); ++i) {
    found.first.push_back(by_value.first[by_first[i]]);
    found.count.push_back(by_value.count[by_first[i]]);
    moved[by_first[i]] = static_cast<std::int64_t>(i);
  }
  for (std::int64_t& place : found.place) place = moved[static_cast<std::size_t>(place)];
  return found;
}

Found FindIn(const Node& node, const ConstTensorRef& input, const Rows& rows) {
  Found found;
  DispatchAny(input.dtype, [&]<typename T>() {
    found = Find<T>(input, rows, node.attributes.Int("sorted", 1) != 0);
  });
  return found;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 4}));
  BW_ASSIGN(const Rows rows, MakeRows(in.node, in.types[0].shape));
  if (in.constants[0] == nullptr) return NotKnown(in, 0, "the elements");
  const auto count =
      static_cast<std::int64_t>(FindIn(in.node, *in.constants[0], rows).first.size());
  TensorType out{in.types[0].dtype, {count}};
  if (in.node.attributes.Has("axis")) {
    out.shape = in.types[0].shape;
    const std::size_t rank = out.shape.size();
    out.shape[NormalAxis(in.node.attributes.Int("axis", 0), rank).value()] = count;
  }
  Types types = {std::move(out),
                 {DType::kInt64, {count}},
                 {DType::kInt64, {rows.extent}},
                 {DType::kInt64, {count}}};
  types.resize(in.node.outputs.size());
  return types;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Rows rows = MakeRows(node, inputs[0].shape).value();
  const Found found = FindIn(node, inputs[0], rows);
  const std::vector<std::int64_t>* extra[] = {&found.first, &found.place, &found.count};
  for (std::size_t o = 1; o < outputs.size(); ++o) {
    if (outputs[o].data == nullptr) continue;
    std::copy(extra[o - 1]->begin(), extra[o - 1]->end(), outputs[o].span<std::int64_t>().begin());
  }
  if (outputs[0].data == nullptr) return;
  const auto count = static_cast<std::int64_t>(found.first.size());
  DispatchAny(inputs[0].dtype, [&]<typename T>() {
    const auto x = inputs[0].span<T>();
    const auto y = outputs[0].span<T>();
    const Rows out{rows.outer, count, rows.inner};
    for (std::int64_t row = 0; row < count; ++row) {
      for (std::int64_t i = 0; i < rows.outer * rows.inner; ++i) {
        y[out.At(row, i)] = x[rows.At(found.first[static_cast<std::size_t>(row)], i)];
      }
    }
  });
}

}  // namespace

BW_ENTRY(OpDef, unique) = {.name = "Unique", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
