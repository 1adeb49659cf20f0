// The product of two int8 tensors.

#include "bitwright/graph/ops/tflite_binary.h"

namespace bw::ops {
namespace {

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const tflite::Affine a = tflite::AffineOf(node, "input"), b = tflite::AffineOf(node, "other"),
                       out = tflite::AffineOf(node, "output");
  // The format's kernels form this quotient in float32.
  const auto by = tflite::MakeMultiplier(static_cast<double>(a.scale * b.scale / out.scale));
  const tflite::CodeRange range = tflite::RangeOf(node);
  MapPairs<std::int8_t, std::int8_t, std::int8_t>(
      inputs, outputs[0], [&](std::int8_t x, std::int8_t y) {
        return tflite::ToCode((x - a.zero) * (y - b.zero), by, out.zero, range);
      });
}

}  // namespace

BW_ENTRY(OpDef, tflite_mul) = {
    .name = "TfliteMul", .domain = kOwnDomain, .infer = tflite::BinaryType, .reference = Reference};

}  // namespace bw::ops
