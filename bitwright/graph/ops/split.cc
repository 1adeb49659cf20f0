// Parts of the extents in input 1, or as many equal parts as there are outputs; with attribute
// num_outputs the last may be smaller.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

Expected<std::vector<std::int64_t>> Parts(const InferInput& in, std::int64_t extent) {
  const std::size_t count = in.node.outputs.size();
  if (!in.has(1)) {
    const auto parts = static_cast<std::int64_t>(count);
    if (in.node.attributes.Has("num_outputs")) {
      std::vector<std::int64_t> sizes;
      const std::int64_t part = (extent + parts - 1) / parts;
      for (std::int64_t i = 0; i < parts; ++i) {
        sizes.push_back(std::clamp<std::int64_t>(extent - i * part, 0, part));
      }
      return sizes;
    }
    if (extent % parts != 0) {
      return Fail("an extent of {} does not divide into {} equal parts; give the parts as input 1",
                  extent, parts);
    }
    return std::vector<std::int64_t>(count, extent / parts);
  }
  BW_ASSIGN(auto parts, KnownInts(in, 1, "split"));
  std::int64_t rest = extent;
  for (const std::int64_t part : parts) {
    if (part < 0 || part > rest) {
      rest = -1;
      break;
    }
    rest -= part;
  }
  if (parts.size() != count || rest != 0) {
    return Fail("split is [{}], it must have {} parts that add up to {}", fmt::join(parts, ","),
                count, extent);
  }
  return parts;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 2, std::max<std::size_t>(in.node.outputs.size(), 1)}));
  const Shape& x = in.types[0].shape;
  BW_ASSIGN(const std::size_t axis, NormalAxis(in.node.attributes.Int("axis", 0), x.size()));
  BW_ASSIGN(const auto parts, Parts(in, x[axis]));
  Types types;
  for (const std::int64_t part : parts) {
    types.push_back(in.types[0]);
    types.back().shape[axis] = part;
  }
  return types;
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& shape = inputs[0].shape;
  const std::size_t axis = NormalAxis(node.attributes.Int("axis", 0), shape.size()).value();
  const auto width = static_cast<std::int64_t>(DTypeBytes(inputs[0].dtype));
  const auto* x = static_cast<const char*>(inputs[0].data);
  for (std::int64_t i = 0; i < Product(shape, 0, axis); ++i) {
    for (const TensorRef& output : outputs) {
      const std::int64_t bytes = Product(output.shape, axis, shape.size()) * width;
      if (bytes > 0 && output.data != nullptr) {
        std::memcpy(static_cast<char*>(output.data) + i * bytes, x,
                    static_cast<std::size_t>(bytes));
      }
      x += bytes;
    }
  }
}

}  // namespace

BW_ENTRY(OpDef, split) = {
    .name = "Split", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
