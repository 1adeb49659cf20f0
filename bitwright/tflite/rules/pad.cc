// PAD, PADV2 (with a value), MIRROR_PAD by reflection. Padding of codes is their zero point.

#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

constexpr int kPad = 34, kPadV2 = 60, kMirrorPad = 100;

// All begins, then all ends, in the order of the form.
Expected<std::vector<std::int64_t>> Pads(const Lowering& to, Form form) {
  const std::size_t rank = to.In(0).shape.size();
  BW_ASSIGN(const auto given, to.Ints(1, "its paddings"));
  if (given.size() != 2 * rank) {
    return Fail("its paddings have {} elements, {} axes need {}", given.size(), rank, 2 * rank);
  }
  std::vector<std::int64_t> pads(2 * rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const auto axis = static_cast<std::size_t>(AxisIn(form, static_cast<std::int64_t>(i)));
    pads[axis] = given[2 * i];
    pads[axis + rank] = given[2 * i + 1];
  }
  return pads;
}

// What stands in the padding; nothing where 0 does.
Expected<std::vector<ValueId>> Filling(Lowering& to) {
  if (to.op().code == kPadV2) {
    BW_ASSIGN(const ValueId value, to.Value(2, Form::kFile));
    return std::vector<ValueId>{value};
  }
  if (to.In(0).type != ElementType::kInt8 || !to.In(0).affine) return std::vector<ValueId>{};
  const auto zero = static_cast<std::int8_t>(to.In(0).affine->zeros[0]);
  return std::vector<ValueId>{
      to.Add(bw::Tensor::From<std::int8_t>({}, std::vector<std::int8_t>{zero}))};
}

Expected<void> Lower(Lowering& to) {
  const int code = to.op().code;
  BW_TRY(to.CheckCounts(code == kPadV2 ? 3 : 2, code == kPadV2 ? 3 : 2));
  if (!to.IsFloat() && to.In(0).affine) BW_TRY(CheckSameCodes(to.In(0), to.Out()));
  if (code == kMirrorPad) {
    BW_ASSIGN(const auto mode, to.op().options.Scalar<std::int8_t>(0, 0));
    if (mode != 0) return Fail("its mode is {}, allowed is 0 (REFLECT)", mode);
  }
  const Form form = to.Natural(0);
  BW_ASSIGN(const auto pads, Pads(to, form));
  BW_ASSIGN(const ValueId x, to.Value(0, form));
  std::vector<ValueId> from = {x, to.AddInts(pads)};
  BW_ASSIGN(const std::vector<ValueId> filling, Filling(to));
  if (code != kMirrorPad) from.insert(from.end(), filling.begin(), filling.end());
  const std::string mode = code == kMirrorPad ? "reflect" : "constant";
  to.Give(0, to.Emit("Pad", std::move(from), {{"mode", mode}}), form);
  return {};
}

constexpr Covered kCovered[] = {{kPad, 22}, {kPadV2, 43}, {kMirrorPad, 77}};

}  // namespace

BW_ENTRY(tflite::Rule, pad) = {.name = "pad", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
