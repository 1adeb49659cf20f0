// SLICE (begin, size) and STRIDED_SLICE (begin, end, strides and masks), with constant positions.

#include <limits>

#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

constexpr int kStridedSlice = 45, kSlice = 65;
constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

// By axis of the file.
struct Ranges {
  std::vector<std::int64_t> begin, end, step;
  std::vector<std::int64_t> dropped;  // axes that an index alone selects from
};

std::int64_t Sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kEnd : sum;
}

Expected<void> CheckLengths(const Ranges& ranges, std::size_t rank) {
  if (ranges.begin.size() <= rank && ranges.end.size() == ranges.begin.size() &&
      ranges.step.size() == ranges.begin.size()) {
    return {};
  }
  return Fail(
      "its positions have {}, {} and {} elements, an input of {} axes allows up to {} of "
      "each, as many of all",
      ranges.begin.size(), ranges.end.size(), ranges.step.size(), rank, rank);
}

Expected<Ranges> SliceRanges(const Lowering& to) {
  BW_TRY(to.CheckCounts(3, 3));
  Ranges ranges;
  BW_ASSIGN(ranges.begin, to.Ints(1, "its begin"));
  BW_ASSIGN(const auto sizes, to.Ints(2, "its size"));
  ranges.step.assign(ranges.begin.size(), 1);
  for (std::size_t i = 0; i < sizes.size() && i < ranges.begin.size(); ++i) {
    ranges.end.push_back(sizes[i] < 0 ? kEnd : Sum(ranges.begin[i], sizes[i]));
  }
  BW_TRY(CheckLengths(ranges, to.In(0).shape.size()));
  return ranges;
}

// Fields of the options: masks of begin, end, ellipsis, new axes, axes to drop; offset.
Expected<Ranges> StridedRanges(const Lowering& to) {
  BW_TRY(to.CheckCounts(4, 4));
  Ranges ranges;
  BW_ASSIGN(ranges.begin, to.Ints(1, "its begin"));
  BW_ASSIGN(ranges.end, to.Ints(2, "its end"));
  BW_ASSIGN(ranges.step, to.Ints(3, "its strides"));
  BW_TRY(CheckLengths(ranges, to.In(0).shape.size()));
  std::int32_t masks[5] = {};
  for (int i = 0; i < 5; ++i) {
    BW_ASSIGN(masks[i], to.op().options.Scalar<std::int32_t>(i, 0));
  }
  BW_ASSIGN(const bool offset, to.op().options.Scalar<bool>(5, false));
  if (masks[2] != 0 || masks[3] != 0 || offset) {
    return Fail("it has an ellipsis, a new axis or ends as offsets, none are allowed");
  }
  for (std::size_t i = 0; i < ranges.begin.size(); ++i) {
    const auto bit = std::int32_t{1} << i;
    const bool backwards = ranges.step[i] < 0;
    if ((masks[4] & bit) != 0) {
      ranges.step[i] = 1;
      ranges.end[i] = ranges.begin[i] == -1 ? kEnd : Sum(ranges.begin[i], 1);
      ranges.dropped.push_back(static_cast<std::int64_t>(i));
      continue;
    }
    if ((masks[0] & bit) != 0) ranges.begin[i] = backwards ? kEnd : 0;
    if ((masks[1] & bit) != 0) ranges.end[i] = backwards ? -kEnd : kEnd;
  }
  return ranges;
}

// Leaves out axes that are taken whole, so that the batch stays free.
ValueId Sliced(Lowering& to, ValueId x, const Ranges& ranges, Form form) {
  std::vector<std::int64_t> begin, end, step, axes;
  for (std::size_t i = 0; i < ranges.begin.size(); ++i) {
    const std::int64_t extent = to.In(0).shape[i];
    if (ranges.begin[i] == 0 && ranges.end[i] >= extent && ranges.step[i] == 1) continue;
    begin.push_back(ranges.begin[i]);
    end.push_back(ranges.end[i]);
    step.push_back(ranges.step[i]);
    axes.push_back(AxisIn(form, static_cast<std::int64_t>(i)));
  }
  if (axes.empty()) return to.Emit("Identity", {x});
  return to.Emit("Slice",
                 {x, to.AddInts(begin), to.AddInts(end), to.AddInts(axes), to.AddInts(step)});
}

Expected<void> Lower(Lowering& to) {
  BW_ASSIGN(const Ranges ranges, to.op().code == kSlice ? SliceRanges(to) : StridedRanges(to));
  const Form form = ranges.dropped.empty() ? to.Natural(0) : Form::kFile;
  BW_ASSIGN(const ValueId x, to.Value(0, form));
  ValueId y = Sliced(to, x, ranges, form);
  if (!ranges.dropped.empty()) y = to.Emit("Squeeze", {y, to.AddInts(ranges.dropped)});
  to.Give(0, y, form);
  return {};
}

constexpr Covered kCovered[] = {{kStridedSlice, 32}, {kSlice, 48}};

}  // namespace

BW_ENTRY(tflite::Rule, slice) = {.name = "slice", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
