// SOFTMAX and LOG_SOFTMAX along the last axis; SOFTMAX on int8 too.

#include <cmath>

#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

constexpr int kSoftmax = 25, kLogSoftmax = 50;

// Outputs are always in steps of 1/256 from -128.
Expected<void> LowerInteger(Lowering& to, float beta) {
  constexpr ElementType kInt8[] = {ElementType::kInt8};
  BW_TRY(to.CheckType(to.In(0), "input", kInt8));
  BW_TRY(to.CheckType(to.Out(), "output", kInt8));
  BW_TRY(CheckCodes(to.Out()));
  if (to.Out().affine->scales[0] != 1.0F / 256 || to.Out().affine->zeros[0] != -128) {
    return Fail("its output has scale {} and zero point {}, needed are 1/256 and -128",
                to.Out().affine->scales[0], to.Out().affine->zeros[0]);
  }
  Items items = {{"beta", beta}};
  BW_TRY(SetAffine(items, "input", to.In(0)));
  BW_ASSIGN(const ValueId x, to.Value(0, Form::kFile));
  to.Give(0, to.Emit("TfliteSoftmax", {x}, std::move(items), kOwnDomain), Form::kFile);
  return {};
}

Expected<void> Lower(Lowering& to) {
  BW_TRY(to.CheckCounts(1, 1));
  if (to.In(0).shape.empty()) return Fail("its input is a scalar, at least one axis is needed");
  const bool logarithm = to.op().code == kLogSoftmax;
  float beta = 1;
  if (!logarithm) {
    BW_ASSIGN(beta, to.op().options.Scalar<float>(0, 0));
  }
  if (!(beta > 0) || std::isinf(beta)) return Fail("its beta is {}, it must be positive", beta);
  const bool coded = !to.IsFloat();
  if (coded && !logarithm) return LowerInteger(to, beta);
  const Form form = to.Natural(0);
  const auto last = static_cast<std::int64_t>(to.In(0).shape.size()) - 1;
  BW_ASSIGN(ValueId x, to.Value(0, form));
  if (beta != 1) x = to.Emit("Mul", {x, to.AddScalar(beta)});
  to.Give(0, to.Emit(logarithm ? "LogSoftmax" : "Softmax", {x}, {{"axis", AxisIn(form, last)}}),
          form);
  return {};
}

constexpr Covered kCovered[] = {{kSoftmax, 9}, {kLogSoftmax, 36}};

}  // namespace

BW_ENTRY(tflite::Rule, softmax) = {.name = "softmax", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
