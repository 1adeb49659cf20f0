#include "bitwright/graph/window.h"

#include <algorithm>

namespace bw::ops {
namespace {

// Large enough for any network, small enough that no product of two overflows.
constexpr std::int64_t kMaxStep = std::int64_t{1} << 28;

struct ListRule {
  const char* name;
  std::size_t size;
  std::int64_t otherwise, least;
};

// An integer list attribute of a given length.
Expected<std::vector<std::int64_t>> List(const Attributes& attributes, const ListRule& rule) {
  auto list = attributes.Ints(rule.name, std::vector<std::int64_t>(rule.size, rule.otherwise));
  if (list.size() != rule.size) {
    return Fail("{} has {} entries, {} needed", rule.name, list.size(), rule.size);
  }
  for (const std::int64_t entry : list) {
    if (entry < rule.least || entry > kMaxStep) {
      return Fail("{} is [{}], entries must be {} to 2^28", rule.name, fmt::join(list, ","),
                  rule.least);
    }
  }
  return list;
}

// Windows with everything but pads and outputs.
Expected<std::vector<Window>> Bare(const Attributes& attributes,
                                   std::span<const std::int64_t> input,
                                   std::span<const std::int64_t> kernel) {
  if (input.empty() || input.size() > 3) {
    return Fail("input has {} spatial axes, allowed are 1 to 3", input.size());
  }
  const std::size_t rank = input.size();
  if (kernel.size() != rank) {
    return Fail("kernel has {} axes but the input has {} spatial axes, they must agree",
                kernel.size(), rank);
  }
  BW_ASSIGN(const auto strides, List(attributes, {"strides", rank, 1, 1}));
  BW_ASSIGN(const auto dilations, List(attributes, {"dilations", rank, 1, 1}));
  std::vector<Window> windows(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    if (kernel[i] < 1 || kernel[i] > kMaxStep) {
      return Fail("kernel is [{}], extents must be 1 to 2^28", fmt::join(kernel, ","));
    }
    windows[i] = {input[i], 0, kernel[i], strides[i], dilations[i], 0, 0};
  }
  return windows;
}

Expected<std::string> AutoPad(const Attributes& attributes) {
  const std::string mode = attributes.String("auto_pad", "NOTSET");
  if (mode != "NOTSET" && mode != "VALID" && mode != "SAME_UPPER" && mode != "SAME_LOWER") {
    return Fail("auto_pad is '{}', allowed: NOTSET, VALID, SAME_UPPER, SAME_LOWER", mode);
  }
  return mode;
}

Expected<void> ReadPads(const Attributes& attributes, std::vector<Window>& windows) {
  BW_ASSIGN(const auto pads, List(attributes, {"pads", 2 * windows.size(), 0, 0}));
  for (std::size_t i = 0; i < windows.size(); ++i) {
    windows[i].pad_begin = pads[i];
    windows[i].pad_end = pads[i + windows.size()];
  }
  return {};
}

std::int64_t CeilDiv(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The odd element of padding goes to the end for SAME_UPPER.
void SharePadding(Window& w, std::int64_t total, bool upper) {
  w.pad_begin = upper ? total / 2 : total - total / 2;
  w.pad_end = total - w.pad_begin;
}

std::int64_t Outputs(const Window& w, Rounding rounding) {
  const std::int64_t span = w.in + w.pad_begin + w.pad_end - w.reach();
  if (span < 0) return 0;
  if (rounding == Rounding::kFloor) return span / w.stride + 1;
  const std::int64_t out = CeilDiv(span, w.stride) + 1;
  return (out - 1) * w.stride >= w.in + w.pad_begin ? out - 1 : out;
}

}  // namespace

Expected<std::vector<Window>> MakeWindows(const Attributes& attributes,
                                          std::span<const std::int64_t> input,
                                          std::span<const std::int64_t> kernel, Rounding rounding) {
  BW_ASSIGN(std::vector<Window> windows, Bare(attributes, input, kernel));
  BW_ASSIGN(const std::string mode, AutoPad(attributes));
  if (mode == "NOTSET") BW_TRY(ReadPads(attributes, windows));
  for (Window& w : windows) {
    if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
      w.out = CeilDiv(w.in, w.stride);
      SharePadding(w, std::max<std::int64_t>((w.out - 1) * w.stride + w.reach() - w.in, 0),
                   mode == "SAME_UPPER");
    } else {
      w.out = Outputs(w, rounding);
    }
    if (w.out < 1) {
      return Fail("a window of {} does not fit into {} elements padded by {} and {}", w.reach(),
                  w.in, w.pad_begin, w.pad_end);
    }
  }
  return windows;
}

Expected<std::vector<Window>> MakeTransposedWindows(const Attributes& attributes,
                                                    std::span<const std::int64_t> input,
                                                    std::span<const std::int64_t> kernel) {
  BW_ASSIGN(std::vector<Window> windows, Bare(attributes, input, kernel));
  BW_ASSIGN(const std::string mode, AutoPad(attributes));
  BW_ASSIGN(const auto extra, List(attributes, {"output_padding", windows.size(), 0, 0}));
  const bool given = attributes.Has("output_shape");
  const bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  BW_ASSIGN(const auto shape, List(attributes, {"output_shape", windows.size(), 1, 1}));
  if (mode == "NOTSET" && !given) BW_TRY(ReadPads(attributes, windows));
  for (std::size_t i = 0; i < windows.size(); ++i) {
    Window& w = windows[i];
    const std::int64_t full = w.stride * (w.in - 1) + extra[i] + w.reach();
    w.out = given ? shape[i] : same ? w.in * w.stride : full - w.pad_begin - w.pad_end;
    if (given || same) {
      SharePadding(w, std::max<std::int64_t>(full - w.out, 0), mode == "SAME_UPPER");
    }
    if (w.in < 1 || w.out < 1) {
      return Fail(
          "output would have {} elements on spatial axis {} for {} inputs, at least 1 needed",
          w.out, i, w.in);
    }
  }
  return windows;
}

std::array<Window, 3> ThreeAxes(std::span<const Window> windows) {
  BW_CHECK(windows.size() <= 3);
  std::array<Window, 3> axes;
  std::copy(windows.begin(), windows.end(),
            axes.end() - static_cast<std::ptrdiff_t>(windows.size()));
  return axes;
}

std::int64_t ConvolutionMacs(const Node&, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs) {
  const Shape& filters = inputs[1].shape;
  return ElementCount(outputs[0].shape) * Product(filters, 1, filters.size());
}

}  // namespace bw::ops
