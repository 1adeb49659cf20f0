// TRANSPOSE_CONV of float32: output shape, filters [O,h,w,I], input, and perhaps a bias.

#include "bitwright/tflite/fused.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

// What of the full result (in - 1) * stride + kernel is cut off, or missing, to give the output.
void SetEnds(std::map<std::string, Attribute>& attributes, const Lowering& to, const Shape& strides,
             const Shape& kernel) {
  Shape pads(4, 0), extra(2, 0);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t full = (to.In(2).shape[i + 1] - 1) * strides[i] + kernel[i];
    const std::int64_t cut = full - to.Out().shape[i + 1];
    pads[i] = std::max<std::int64_t>(cut, 0) / 2;
    pads[i + 2] = std::max<std::int64_t>(cut, 0) - pads[i];
    extra[i] = std::max<std::int64_t>(-cut, 0);
  }
  attributes["pads"] = pads;
  attributes["output_padding"] = extra;
}

Expected<void> Lower(Lowering& to) {
  constexpr ElementType kFloat[] = {ElementType::kFloat32};
  BW_TRY(to.CheckCounts(3, 4));
  BW_TRY(to.CheckRank(1, 4));
  BW_TRY(to.CheckRank(2, 4));
  for (const std::size_t i : {1, 2}) BW_TRY(to.CheckType(to.In(i), "input", kFloat));
  if (to.Out().shape.size() != 4) return Fail("its output must have 4 axes");
  const FlatTable& options = to.op().options;
  BW_TRY(ReadSamePadding(options));
  BW_ASSIGN(const Fused fused, ReadFused(to, 3));
  BW_ASSIGN(const auto stride_w, options.Scalar<std::int32_t>(1, 0));
  BW_ASSIGN(const auto stride_h, options.Scalar<std::int32_t>(2, 0));
  const WindowOptions windows{
      false, {to.In(1).shape[1], to.In(1).shape[2]}, {stride_h, stride_w}, {1, 1}};
  BW_TRY(CheckWindows(windows));
  BW_ASSIGN(const bw::Tensor filters, to.Constant(1));
  Items attributes = {{"strides", windows.strides}, {"kernel_shape", windows.kernel}};
  SetEnds(attributes, to, windows.strides, windows.kernel);
  BW_ASSIGN(const ValueId x, to.Value(2, Form::kSpatial));
  std::vector<ValueId> from = {x, to.Add(Transposed(filters, {3, 0, 1, 2}))};
  if (to.Has(3)) {
    BW_ASSIGN(const ValueId bias, to.Value(3, Form::kFile));
    from.push_back(bias);
  }
  const ValueId sum = to.Emit("ConvTranspose", std::move(from), std::move(attributes));
  BW_ASSIGN(const ValueId y, Activate(to, sum, fused));
  to.Give(0, y, Form::kSpatial);
  return {};
}

constexpr Covered kCovered[] = {{67, 49}};

}  // namespace

BW_ENTRY(tflite::Rule, transpose_conv) = {
    .name = "transpose_conv", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
