// ADD, SUB, MUL, DIV, MAXIMUM, MINIMUM, POW, SQUARED_DIFFERENCE, with broadcasting; ADD, SUB and
// MUL on int8 too.

#include "bitwright/tflite/fused.h"
#include "bitwright/tflite/quantized.h"
#include "bitwright/tflite/rule.h"

namespace bw::tflite_rules {
namespace {

using namespace tflite;  // NOLINT(google-build-using-namespace): the layer's own words

struct Kind {
  int code;
  const char* op;       // ONNX's
  const char* integer;  // on int8; null: refused
  bool fuses;           // has an activation
};
constexpr Kind kKinds[] = {{0, "Add", "TfliteAdd", true},  {41, "Sub", "TfliteSub", true},
                           {18, "Mul", "TfliteMul", true}, {42, "Div", nullptr, true},
                           {55, "Max", nullptr, false},    {57, "Min", nullptr, false},
                           {78, "Pow", nullptr, false},    {99, "Sub", nullptr, false}};

const Kind& KindOf(int code) {
  return *std::find_if(std::begin(kKinds), std::end(kKinds),
                       [&](const Kind& kind) { return kind.code == code; });
}

// An operand that broadcasts against images with channels first: of rank 4, a constant of lower
// rank filled up in front, or one element.
bool FitsSpatial(const Lowering& to, std::size_t i) {
  const TensorInfo& info = to.In(i);
  return info.shape.size() == 4 || (info.is_constant && info.shape.size() < 4) ||
         (info.shape.empty());
}

Expected<ValueId> Operand(Lowering& to, std::size_t i, Form form) {
  const std::size_t rank = to.In(i).shape.size();
  if (form == Form::kFile || rank == 0) return to.Value(i, Form::kFile);
  if (rank == 4) return to.Value(i, form);
  BW_ASSIGN(bw::Tensor constant, to.Constant(i));
  Shape shape(4 - rank, 1);
  shape.insert(shape.end(), to.In(i).shape.begin(), to.In(i).shape.end());
  constant.Reshape(shape);
  return to.Add(Transposed(constant, {0, 3, 1, 2}));
}

Expected<void> LowerPlain(Lowering& to, const Kind& kind, Fused fused) {
  const bool spatial = to.Out().shape.size() == 4 && FitsSpatial(to, 0) && FitsSpatial(to, 1) &&
                       (to.Natural(0) == Form::kSpatial || to.Natural(1) == Form::kSpatial);
  const Form form = spatial ? Form::kSpatial : Form::kFile;
  BW_ASSIGN(const ValueId a, Operand(to, 0, form));
  BW_ASSIGN(const ValueId b, Operand(to, 1, form));
  ValueId y = to.Emit(kind.op, {a, b});
  if (kind.code == 99) y = to.Emit("Mul", {y, y});
  BW_ASSIGN(y, Activate(to, y, fused));
  to.Give(0, y, form);
  return {};
}

Expected<void> LowerInteger(Lowering& to, const Kind& kind, Fused fused) {
  if (kind.integer == nullptr) {
    return Fail("its inputs are {}, allowed: float32, int32, int64", TypeText(to.In(0).type));
  }
  Items items;
  BW_TRY(SetAffine(items, "input", to.In(0)));
  BW_TRY(SetAffine(items, "other", to.In(1)));
  BW_TRY(SetAffine(items, "output", to.Out()));
  BW_ASSIGN(items["activation"], ActivationName(fused));
  BW_ASSIGN(std::vector<ValueId> from, FileInputs(to));
  to.Give(0, to.Emit(kind.integer, std::move(from), std::move(items), kOwnDomain), Form::kFile);
  return {};
}

Expected<void> Lower(Lowering& to) {
  const Kind& kind = KindOf(to.op().code);
  BW_TRY(to.CheckCounts(2, 2));
  if (to.In(0).type != to.In(1).type) {
    return Fail("its inputs are {} and {}, they must be of one type", TypeText(to.In(0).type),
                TypeText(to.In(1).type));
  }
  Fused fused = Fused::kNone;
  if (kind.fuses) {
    BW_ASSIGN(fused, ReadFused(to, 0));
  }
  const ElementType type = to.In(0).type;
  const bool coded = type == ElementType::kInt8 || type == ElementType::kUint8;
  if (!coded) return LowerPlain(to, kind, fused);
  return LowerInteger(to, kind, fused);
}

constexpr Covered kCovered[] = {{0, 11},  {41, 28}, {18, 21}, {42, 29},
                                {55, 39}, {57, 39}, {78, 56}, {99, 76}};

}  // namespace

BW_ENTRY(tflite::Rule, binary) = {.name = "binary", .operators = kCovered, .lower = Lower};

}  // namespace bw::tflite_rules
