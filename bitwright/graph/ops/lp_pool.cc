// The norm of order p of the elements under the window.

#include <cmath>

#include "bitwright/graph/ops/pool.h"

namespace bw::ops {
namespace {

constexpr AttributeRule kAttributes[] = {{"ceil_mode", AttributeRule::Kind::kInt},
                                         {"dilations", AttributeRule::Kind::kInts}};

Expected<Types> Infer(const InferInput& in) {
  const std::int64_t p = in.node.attributes.Int("p", 2);
  if (p < 1) return Fail("p is {}, at least 1 is needed", p);
  return PoolType(in);
}

struct Norm {
  double p = 2;
  double sum = 0;
  void Element(float x) { sum += std::pow(std::abs(static_cast<double>(x)), p); }
  void Padding() {}
  float Result() const { return static_cast<float>(std::pow(sum, 1 / p)); }
};

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const auto p = static_cast<double>(node.attributes.Int("p", 2));
  PoolAll(node, inputs[0], outputs[0], [&] { return Norm{p, 0}; });
}

}  // namespace

BW_ENTRY(OpDef, lp_pool) = {
    .name = "LpPool", .infer = Infer, .attributes = kAttributes, .reference = Reference};

}  // namespace bw::ops
