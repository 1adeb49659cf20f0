// Functions of one element on float32, and on int8 as tables of 256 results.

#include <cmath>

#include "bitwright/tflite/code_functions.h"
#include "bitwright/tflite/fused.h"
#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

enum Code {
  kFloor = 8,
  kLogistic = 14,
  kRelu = 19,
  kReluN1To1 = 20,
  kRelu6 = 21,
  kTanh = 28,
  kExp = 47,
  kNeg = 59,
  kLog = 73,
  kSqrt = 75,
  kRsqrt = 76,
  kSquare = 92,
  kLeakyRelu = 98,
  kAbs = 101,
  kCeil = 104,
  kElu = 111,
  kHardSwish = 117,
};

// The ONNX operator where it is one without attributes.
const char* PlainOp(int code) {
  switch (code) {
    case kFloor:
      return "Floor";
    case kLogistic:
      return "Sigmoid";
    case kRelu:
      return "Relu";
    case kTanh:
      return "Tanh";
    case kExp:
      return "Exp";
    case kNeg:
      return "Neg";
    case kLog:
      return "Log";
    case kSqrt:
      return "Sqrt";
    case kAbs:
      return "Abs";
    case kCeil:
      return "Ceil";
    case kElu:
      return "Elu";
    case kHardSwish:
      return "HardSwish";
    default:
      return nullptr;
  }
}

Expected<float> Alpha(const Lowering& to) {
  BW_ASSIGN(const float alpha, to.op().options.Scalar<float>(0, 0));
  if (!std::isfinite(alpha)) return Fail("its alpha is {}, it must be finite", alpha);
  return alpha;
}

Expected<ValueId> Function(Lowering& to, ValueId x) {
  switch (to.op().code) {
    case kReluN1To1:
      return Activate(to, x, Fused::kReluN1To1);
    case kRelu6:
      return Activate(to, x, Fused::kRelu6);
    case kSquare:
      return to.Emit("Mul", {x, x});
    case kRsqrt:
      return to.Emit("Reciprocal", {to.Emit("Sqrt", {x})});
    case kLeakyRelu: {
      BW_ASSIGN(const float alpha, Alpha(to));
      return to.Emit("LeakyRelu", {x}, {{"alpha", alpha}});
    }
    default:
      return to.Emit(PlainOp(to.op().code), {x});
  }
}

Expected<CodeFunction> TableOf(const Lowering& to) {
  switch (to.op().code) {
    case kRelu:
      return RescaleCodes(Fused::kRelu);
    case kReluN1To1:
      return RescaleCodes(Fused::kReluN1To1);
    case kRelu6:
      return RescaleCodes(Fused::kRelu6);
    case kLeakyRelu: {
      BW_ASSIGN(const float alpha, Alpha(to));
      return LeakyCodes(alpha);
    }
    case kLogistic:
      return RoundedFunction([](float x) { return 1.0F / (1.0F + std::exp(-x)); });
    case kTanh:
      return RoundedFunction([](float x) { return std::tanh(x); });
    case kElu:
      return RoundedFunction([](float x) { return x < 0 ? std::expm1(x) : x; });
    default:
      return Fail("its input is {}, allowed is float32", TypeText(to.In(0).type));
  }
}

Expected<void> Lower(Lowering& to) {
  BW_TRY(to.CheckCounts(1, 1));
  const ElementType type = to.In(0).type;
  if (type == ElementType::kInt8 || type == ElementType::kUint8) {
    BW_ASSIGN(const CodeFunction function, TableOf(to));
    return LowerTable(to, function);
  }
  const Form form = to.Natural(0);
  BW_ASSIGN(const ValueId x, to.Value(0, form));
  BW_ASSIGN(const ValueId y, Function(to, x));
  to.Give(0, y, form);
  return {};
}

constexpr Covered kCovered[] = {
    {kFloor},   {kLogistic}, {kRelu}, {kReluN1To1},     {kRelu6},        {kTanh},
    {kExp, 33}, {kNeg, 42},  {kLog},  {kSqrt},          {kRsqrt},        {kSquare, 66},
    {kAbs, 78}, {kCeil},     {kElu},  {kLeakyRelu, 75}, {kHardSwish, 91}};

}  // namespace

BW_ENTRY(tflite::Rule, unary) = {.name = "unary", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
