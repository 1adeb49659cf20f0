#include "bitwright/graph/checks.h"

#include <algorithm>

namespace bw::ops {

Expected<void> CheckCounts(const InferInput& in, const Counts& counts) {
  if (in.node.inputs.size() > counts.inputs) {
    return Fail("there are {} inputs, at most {} allowed", in.node.inputs.size(), counts.inputs);
  }
  for (std::size_t i = 0; i < counts.required; ++i) {
    if (!in.has(i))
      return Fail("input {} is absent, the first {} are required", i, counts.required);
  }
  if (in.node.outputs.empty() || in.node.outputs.size() > counts.outputs) {
    return Fail("there are {} outputs, 1 to {} allowed", in.node.outputs.size(), counts.outputs);
  }
  return {};
}

Expected<void> CheckDType(const InferInput& in, std::size_t i, std::span<const DType> allowed) {
  const DType dtype = in.types[i].dtype;
  if (std::find(allowed.begin(), allowed.end(), dtype) != allowed.end()) return {};
  std::string names;
  for (const DType one : allowed) {
    if (!names.empty()) names += ", ";
    names += DTypeName(one);
  }
  return Fail("input {} is {}, allowed: {}", i, DTypeName(dtype), names);
}

Expected<void> CheckFloat(const InferInput& in, std::size_t i) {
  constexpr DType kFloat[] = {DType::kFloat32};
  return CheckDType(in, i, kFloat);
}

Expected<void> CheckSameDType(const InferInput& in, std::size_t i, std::size_t j) {
  if (in.types[i].dtype == in.types[j].dtype) return {};
  return Fail("input {} is {} but input {} is {}, they must be of one type", i,
              DTypeName(in.types[i].dtype), j, DTypeName(in.types[j].dtype));
}

Expected<void> CheckExtents(const Shape& shape, std::string_view what) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0) {
      return Fail("{}: {} has an extent of {}, extents must not be negative", what,
                  ShapeText(shape), extent);
    }
    if (__builtin_mul_overflow(count, std::max<std::int64_t>(extent, 1), &count) ||
        count > kMaxElements) {
      return Fail("{}: {} has too many elements, a tensor may have at most 2^34", what,
                  ShapeText(shape));
    }
  }
  return {};
}

Expected<std::size_t> NormalAxis(std::int64_t axis, std::size_t rank) {
  const auto limit = static_cast<std::int64_t>(rank);
  if (axis < -limit || axis >= limit) {
    return Fail("axis is {} but the rank is {}, allowed are {} to {}", axis, rank, -limit,
                limit - 1);
  }
  return static_cast<std::size_t>(axis < 0 ? axis + limit : axis);
}

Expected<std::vector<std::size_t>> NormalAxes(std::span<const std::int64_t> axes,
                                              std::size_t rank) {
  std::vector<std::size_t> normal;
  for (const std::int64_t axis : axes) {
    BW_ASSIGN(const std::size_t one, NormalAxis(axis, rank));
    normal.push_back(one);
  }
  std::sort(normal.begin(), normal.end());
  if (std::adjacent_find(normal.begin(), normal.end()) != normal.end()) {
    return Fail("axes [{}] name one axis twice, each may stand once", fmt::join(axes, ","));
  }
  return normal;
}

std::vector<std::int64_t> ReadInts(const ConstTensorRef& tensor) {
  if (tensor.dtype == DType::kInt64) {
    const auto elements = tensor.span<std::int64_t>();
    return {elements.begin(), elements.end()};
  }
  const auto elements = tensor.span<std::int32_t>();
  return {elements.begin(), elements.end()};
}

tl::unexpected<Error> NotKnown(const InferInput& in, std::size_t i, std::string_view what) {
  if (in.follows_data != nullptr) *in.follows_data = true;
  return Fail("input {} ({}) is computed from data, it must be a constant or follow from shapes", i,
              what);
}

Expected<std::vector<std::int64_t>> KnownInts(const InferInput& in, std::size_t i,
                                              std::string_view what) {
  BW_TRY(CheckDType(in, i, kIndex));
  if (in.types[i].shape.size() > 1) {
    return Fail("input {} ({}) is {}, allowed is a vector", i, what, ShapeText(in.types[i].shape));
  }
  if (in.constants[i] == nullptr) return NotKnown(in, i, what);
  return ReadInts(*in.constants[i]);
}

std::int64_t Product(const Shape& shape, std::size_t from, std::size_t to) {
  std::int64_t product = 1;
  for (std::size_t i = from; i < to; ++i) product *= shape[i];
  return product;
}

Expected<Shape> Broadcast(const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()));
  for (std::size_t back = 1; back <= out.size(); ++back) {
    const std::int64_t x = back <= a.size() ? a[a.size() - back] : 1;
    const std::int64_t y = back <= b.size() ? b[b.size() - back] : 1;
    if (x != y && x != 1 && y != 1) {
      return Fail("shapes {} and {} do not broadcast: extents {} and {} must be equal or 1",
                  ShapeText(a), ShapeText(b), x, y);
    }
    out[out.size() - back] = x == 1 ? y : x;
  }
  return out;
}

bool BroadcastsTo(const Shape& from, const Shape& to) {
  const auto out = Broadcast(from, to);
  return out && *out == to;
}

}  // namespace bw::ops
