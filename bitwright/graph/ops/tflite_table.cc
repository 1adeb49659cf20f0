// Any function of one code: the attribute "table" holds 256 results, those of int8 codes from -128
// up, those of uint8 codes from 0 up. Its type is the output's.

#include "bitwright/graph/checks.h"
#include "bitwright/graph/iterate.h"

namespace bw::ops {
namespace {

constexpr DType kCodes[] = {DType::kInt8, DType::kUint8};

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {1, 1, 1}));
  BW_TRY(CheckDType(in, 0, kCodes));
  const Tensor* table = in.node.attributes.FindTensor("table");
  if (table == nullptr || table->shape() != Shape{256} ||
      (table->dtype() != DType::kInt8 && table->dtype() != DType::kUint8)) {
    return Fail("table is {}, 256 results of int8 or uint8 are needed",
                table == nullptr ? "absent" : ShapeText(table->shape()));
  }
  return Types{{table->dtype(), in.types[0].shape}};
}

template <typename From, typename To>
void LookUp(const Tensor& table, const ConstTensorRef& input, const TensorRef& output) {
  constexpr int kFirst = std::numeric_limits<From>::min();
  const auto results = table.span<To>();
  const auto x = input.span<From>();
  const auto y = output.span<To>();
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = results[static_cast<std::size_t>(x[i] - kFirst)];
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Tensor& table = *node.attributes.FindTensor("table");
  const bool from_signed = inputs[0].dtype == DType::kInt8;
  if (outputs[0].dtype == DType::kInt8) {
    (from_signed ? LookUp<std::int8_t, std::int8_t>
                 : LookUp<std::uint8_t, std::int8_t>)(table, inputs[0], outputs[0]);
  } else {
    (from_signed ? LookUp<std::int8_t, std::uint8_t>
                 : LookUp<std::uint8_t, std::uint8_t>)(table, inputs[0], outputs[0]);
  }
}

}  // namespace

BW_ENTRY(OpDef, tflite_table) = {
    .name = "TfliteTable", .domain = kOwnDomain, .infer = Infer, .reference = Reference};

}  // namespace bw::ops
