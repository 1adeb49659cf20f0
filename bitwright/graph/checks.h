#pragma once
// What type rules check over and over. Messages lack the node's name: the caller of the rule adds
// it.

#include <span>
#include <string_view>
#include <vector>

#include "bitwright/graph/op.h"

namespace bw::ops {

using Types = std::vector<TensorType>;

// Most elements a tensor may have (extents of 0 counted as 1), and the largest extent, stride or
// pad.
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 34;

// How many inputs and outputs a node may have; the first `required` inputs must be present.
struct Counts {
  std::size_t required = 1;
  std::size_t inputs = 1;
  std::size_t outputs = 1;
};
Expected<void> CheckCounts(const InferInput& in, const Counts& counts);

// The type of input i is one of those.
Expected<void> CheckDType(const InferInput& in, std::size_t i, std::span<const DType> allowed);
Expected<void> CheckFloat(const InferInput& in, std::size_t i);
inline constexpr DType kNumeric[] = {DType::kFloat32, DType::kInt32, DType::kInt64, DType::kUint8,
                                     DType::kInt8};
inline constexpr DType kIntegers[] = {DType::kInt32, DType::kInt64, DType::kUint8, DType::kInt8};
inline constexpr DType kIndex[] = {DType::kInt32, DType::kInt64};
inline constexpr DType kSums[] = {DType::kFloat32, DType::kInt32, DType::kInt64};

// Inputs i and j have the same element type.
Expected<void> CheckSameDType(const InferInput& in, std::size_t i, std::size_t j);

// Extents are not negative and there are at most kMaxElements.
Expected<void> CheckExtents(const Shape& shape, std::string_view what);

// Axis in [-rank, rank) -> [0, rank).
Expected<std::size_t> NormalAxis(std::int64_t axis, std::size_t rank);
// The same for several, without repeats, ascending.
Expected<std::vector<std::size_t>> NormalAxes(std::span<const std::int64_t> axes, std::size_t rank);

// Elements of an int32 or int64 tensor.
std::vector<std::int64_t> ReadInts(const ConstTensorRef& tensor);

// The error of a type rule that needs the elements of input i (called `what`), which are not known.
tl::unexpected<Error> NotKnown(const InferInput& in, std::size_t i, std::string_view what);

// The value of an integer vector input, which must be known at inference time.
Expected<std::vector<std::int64_t>> KnownInts(const InferInput& in, std::size_t i,
                                              std::string_view what);

// Product of extents [from, to) of a shape that was checked.
std::int64_t Product(const Shape& shape, std::size_t from, std::size_t to);

// numpy broadcasting of two shapes.
Expected<Shape> Broadcast(const Shape& a, const Shape& b);
// `from` broadcasts to exactly `to`.
bool BroadcastsTo(const Shape& from, const Shape& to);

}  // namespace bw::ops
