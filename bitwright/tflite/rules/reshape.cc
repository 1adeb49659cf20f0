// RESHAPE, SQUEEZE, EXPAND_DIMS: the output's shape is the file's; the batch follows the input's.

#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

// Channels first or last, the elements stand in one order.
bool OneOrder(const Shape& image) { return image[3] == 1 || image[1] * image[2] == 1; }

// A leading extent that is the input's stays the input's; else it is whatever is left over.
Shape Target(const Shape& from, Shape shape) {
  if (shape.empty()) return shape;
  const bool same = !from.empty() && from[0] == shape[0];
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  if (!empty) shape[0] = same ? 0 : -1;
  return shape;
}

Expected<void> Lower(Lowering& to) {
  BW_TRY(to.CheckCounts(1, 2));
  if (to.In(0).type != to.Out().type) {
    return Fail("its input is {} but its output is {}, they must be of one type",
                TypeText(to.In(0).type), TypeText(to.Out().type));
  }
  const Form form =
      to.Natural(0) == Form::kSpatial && OneOrder(to.In(0).shape) ? Form::kSpatial : Form::kFile;
  BW_ASSIGN(const ValueId x, to.Value(0, form));
  const Shape target = Target(to.In(0).shape, to.Out().shape);
  to.Give(0, to.Emit("Reshape", {x, to.AddInts(target)}), Form::kFile);
  return {};
}

constexpr Covered kCovered[] = {{22, 17}, {43, 30}, {70, 52}};

}  // namespace

BW_ENTRY(tflite::Rule, reshape) = {.name = "reshape", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
