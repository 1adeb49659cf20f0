// AVERAGE_POOL_2D, MAX_POOL_2D: padding does not count.

#include "bitwright/tflite/fused.h"
#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

constexpr int kAverage = 1, kMax = 17;

// Fields: padding, stride_w, stride_h, filter_width, filter_height, activation.
Expected<WindowOptions> ReadWindows(const FlatTable& options) {
  WindowOptions windows;
  BW_ASSIGN(windows.same, ReadSamePadding(options));
  BW_ASSIGN(const auto stride_w, options.Scalar<std::int32_t>(1, 0));
  BW_ASSIGN(const auto stride_h, options.Scalar<std::int32_t>(2, 0));
  BW_ASSIGN(const auto width, options.Scalar<std::int32_t>(3, 0));
  BW_ASSIGN(const auto height, options.Scalar<std::int32_t>(4, 0));
  windows.strides = {stride_h, stride_w};
  windows.kernel = {height, width};
  BW_TRY(CheckWindows(windows));
  return windows;
}

Expected<void> Lower(Lowering& to) {
  BW_TRY(to.CheckCounts(1, 1));
  BW_TRY(to.CheckRank(0, 4));
  BW_ASSIGN(const WindowOptions windows, ReadWindows(to.op().options));
  BW_ASSIGN(const Fused fused, ReadFused(to, 5));
  Items items = WindowAttributes(windows, to.In(0).shape);
  items["kernel_shape"] = windows.kernel;
  const bool average = to.op().code == kAverage;
  if (to.IsFloat()) {
    items.erase("dilations");
    BW_ASSIGN(const ValueId x, to.Value(0, Form::kSpatial));
    const ValueId pooled = to.Emit(average ? "AveragePool" : "MaxPool", {x}, std::move(items));
    BW_ASSIGN(const ValueId y, Activate(to, pooled, fused));
    to.Give(0, y, Form::kSpatial);
    return {};
  }
  BW_TRY(CheckSameCodes(to.In(0), to.Out()));
  BW_TRY(SetAffine(items, "output", to.Out()));
  BW_ASSIGN(items["activation"], ActivationName(fused));
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
  to.Give(0,
          to.Emit(average ? "TfliteAveragePool2D" : "TfliteMaxPool2D", {x}, std::move(items),
                  kOwnDomain),
          Form::kFile);
  return {};
}

constexpr Covered kCovered[] = {{kAverage, 5}, {kMax, 5}};

}  // namespace

BW_ENTRY(tflite::Rule, pool) = {.name = "pool", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
