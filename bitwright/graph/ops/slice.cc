// Inputs starts, ends, axes (default: the first ones) and steps (default 1); negative positions
// count from the end.

#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

// On one axis: elements first, first + step, ... (count of them).
struct Range {
  std::int64_t first = 0, step = 1, count = 0;
};

Range MakeRange(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t extent) {
  constexpr std::int64_t kFar = kMaxElements + 1;
  step = std::clamp(step, -kFar, kFar);
  if (start < 0) start += extent;
  if (end < 0) end += extent;
  if (step > 0) {
    start = std::clamp<std::int64_t>(start, 0, extent);
    end = std::clamp<std::int64_t>(end, 0, extent);
    return {start, step, end > start ? (end - start - 1) / step + 1 : 0};
  }
  start = std::clamp<std::int64_t>(start, -1, extent - 1);
  end = std::clamp<std::int64_t>(end, -1, extent - 1);
  return {start, step, start > end ? (start - end - 1) / -step + 1 : 0};
}

using Lists = std::array<std::vector<std::int64_t>, 4>;  // starts, ends, axes, steps

Expected<std::vector<Range>> MakeRanges(const Shape& x, const Lists& lists) {
  const auto& [starts, ends, axes, steps] = lists;
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    return Fail("starts, ends, axes and steps have {}, {}, {} and {} entries, they must agree",
                starts.size(), ends.size(), axes.size(), steps.size());
  }
  BW_TRY(NormalAxes(axes, x.size()));
  std::vector<Range> ranges;
  for (const std::int64_t extent : x) ranges.push_back({0, 1, extent});
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (steps[i] == 0) return Fail("steps are [{}], a step must not be 0", fmt::join(steps, ","));
    const std::size_t axis = NormalAxis(axes[i], x.size()).value();
    ranges[axis] = MakeRange(starts[i], ends[i], steps[i], x[axis]);
  }
  return ranges;
}

// Fills in what is not given.
void AddDefaults(Lists& lists, bool has_axes, bool has_steps) {
  const std::size_t count = lists[0].size();
  for (std::size_t i = 0; i < count && !has_axes; ++i) {
    lists[2].push_back(static_cast<std::int64_t>(i));
  }
  if (!has_steps) lists[3].assign(count, 1);
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {3, 5, 1}));
  constexpr std::string_view kNames[] = {"starts", "ends", "axes", "steps"};
  Lists lists;
  for (std::size_t i = 0; i < 4; ++i) {
    if (!in.has(i + 1)) continue;
    BW_ASSIGN(lists[i], KnownInts(in, i + 1, kNames[i]));
  }
  AddDefaults(lists, in.has(3), in.has(4));
  BW_ASSIGN(const auto ranges, MakeRanges(in.types[0].shape, lists));
  TensorType out{in.types[0].dtype, {}};
  for (const Range& range : ranges) out.shape.push_back(range.count);
  return Types{std::move(out)};
}

void Reference(const Node&, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  Lists lists;
  std::array<bool, 4> given{};
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    given[i - 1] = inputs[i].data != nullptr;
    if (given[i - 1]) lists[i - 1] = ReadInts(inputs[i]);
  }
  AddDefaults(lists, given[2], given[3]);
  std::vector<std::vector<std::int64_t>> maps;
  const std::vector<Range> ranges = MakeRanges(inputs[0].shape, lists).value();
  for (const Range& range : ranges) {
    auto& map = maps.emplace_back();
    for (std::int64_t i = 0; i < range.count; ++i) map.push_back(range.first + i * range.step);
  }
  DispatchAny(outputs[0].dtype,
              [&]<typename T>() { GatherByMaps<T>(inputs[0], outputs[0], maps, T{}); });
}

}  // namespace

BW_ENTRY(OpDef, slice) = {
    .name = "Slice", .role = OpRole::kMovement, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
