// RESIZE_BILINEAR of float32 images, RESIZE_NEAREST_NEIGHBOR of float32 and int8 ones.

#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

constexpr int kBilinear = 23, kNearest = 97;

// Where output positions come from: fields align_corners and half_pixel_centers, behind two
// abandoned ones for bilinear.
Expected<Items> Positions(const Lowering& to) {
  const bool linear = to.op().code == kBilinear;
  const int at = linear ? 2 : 0;
  BW_ASSIGN(const bool corners, to.op().options.Scalar<bool>(at, false));
  BW_ASSIGN(const bool centres, to.op().options.Scalar<bool>(at + 1, false));
  if (corners && centres) return Fail("it aligns corners and centres, one is allowed");
  Items items = {{"mode", std::string(linear ? "linear" : "nearest")}};
  items["coordinate_transformation_mode"] = std::string(corners   ? "align_corners"
                                                        : centres ? "half_pixel"
                                                                  : "asymmetric");
  if (linear) return items;
  // With half pixels the format takes the floor of the centre itself, half a pixel further.
  items["nearest_mode"] = std::string(corners || centres ? "round_prefer_ceil" : "floor");
  return items;
}

// The output's extents; the batch is whatever comes in.
ValueId Sizes(Lowering& to, ValueId x, Form form, const std::vector<std::int64_t>& size) {
  const std::int64_t channels = to.In(0).shape[3];
  const Shape rest = form == Form::kSpatial ? Shape{channels, size[0], size[1]}
                                            : Shape{size[0], size[1], channels};
  const ValueId batch = to.Emit("Shape", {x}, {{"end", std::int64_t{1}}});
  return to.Emit("Concat", {batch, to.AddInts(rest)}, {{"axis", std::int64_t{0}}});
}

Expected<void> Lower(Lowering& to) {
  BW_TRY(to.CheckCounts(2, 2));
  BW_TRY(to.CheckRank(0, 4));
  BW_ASSIGN(Items items, Positions(to));
  BW_ASSIGN(const auto size, to.Ints(1, "its size"));
  if (size.size() != 2 || size[0] < 1 || size[1] < 1 || std::max(size[0], size[1]) > 1 << 20) {
    return Fail("its size is [{}], two extents from 1 to 2^20 are needed", fmt::join(size, ","));
  }
  if (!to.IsFloat()) {
    if (to.op().code == kBilinear) {
      return Fail("its input is {}, allowed is float32", TypeText(to.In(0).type));
    }
    BW_TRY(CheckSameCodes(to.In(0), to.Out()));
  }
  const Form form = to.IsFloat() ? Form::kSpatial : Form::kFile;
  const Shape& x = to.In(0).shape;
  if (x[1] < 1 || x[2] < 1) return Fail("its input is {}, it must not be empty", ShapeText(x));
  BW_ASSIGN(const ValueId from, to.Value(0, form));
  to.Give(0, to.Emit("Resize", {from, kNoValue, kNoValue, Sizes(to, from, form, size)}, items),
          form);
  return {};
}

constexpr Covered kCovered[] = {{kBilinear, 15}, {kNearest, 74}};

}  // namespace

BW_ENTRY(tflite::Rule, resize) = {.name = "resize", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
