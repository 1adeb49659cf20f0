// int8 rows [N,I] times int8 weights [O,I].

#include "bitwright/graph/ops/tflite_layer.h"

namespace bw::ops {
namespace {

using tflite::Requantizer;

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 3, 1}));
  const Shape& x = in.types[0].shape;
  const Shape& w = in.types[1].shape;
  if (x.size() != 2 || w.size() != 2 || x[1] != w[1]) {
    return Fail("input {} and weights {} do not fit, [n,i] and [o,i] are needed", ShapeText(x),
                ShapeText(w));
  }
  BW_TRY(tflite::CheckLayer(in, w[0], w[1]));
  return Types{{DType::kInt8, {x[0], w[0]}}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Shape& w = inputs[1].shape;
  const std::int32_t zero = tflite::AffineOf(node, "input").zero;
  const Requantizer to_code(node, w[0], tflite::BiasOf(inputs), Requantizer::Product::kFloat);
  const std::int8_t* x = inputs[0].span<std::int8_t>().data();
  std::int8_t* y = outputs[0].span<std::int8_t>().data();
  for (std::int64_t n = 0; n < inputs[0].shape[0]; ++n, x += w[1]) {
    const std::int8_t* row = inputs[1].span<std::int8_t>().data();
    for (std::int64_t o = 0; o < w[0]; ++o, row += w[1]) {
      std::int32_t sum = 0;
      for (std::int64_t i = 0; i < w[1]; ++i) sum += (x[i] - zero) * row[i];
      *y++ = to_code(o, sum);
    }
  }
}

std::int64_t Macs(const Node&, std::span<const TensorType> inputs,
                  std::span<const TensorType> outputs) {
  return ElementCount(outputs[0].shape) * inputs[1].shape[1];
}

}  // namespace

BW_ENTRY(OpDef, tflite_fully_connected) = {.name = "TfliteFullyConnected",
                                           .domain = kOwnDomain,
                                           .infer = Infer,
                                           .reference = Reference,
                                           .macs = Macs};

}  // namespace bw::ops
