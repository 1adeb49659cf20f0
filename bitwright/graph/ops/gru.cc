// Gates z, r and h: h' = (1 - z) * g(W x + r * (R h)) + z * h, with the reset r before or after the
// product with R (linear_before_reset).

#include "bitwright/graph/recurrent.h"

namespace bw::ops {
namespace {

RecurrentKind Kind() { return {3, {"Sigmoid", "Tanh"}, false}; }

Expected<Types> Infer(const InferInput& in) { return RecurrentTypes(in, Kind()); }

struct Cell {
  const Recurrent& sizes;
  const GateSums& sums;
  std::vector<std::vector<Activation>> activations;
  double clip;
  bool linear_before_reset;

  void operator()(const Step& s) const {
    const auto& f = activations[static_cast<std::size_t>(s.direction)];
    const std::int64_t n = sizes.hidden, d = s.direction;
    const auto gate = [&](std::int64_t row) {
      const double sum = sums.FromInput(d, row, s.x) + sums.FromState(d, row, s.h);
      return f[0](Clipped(sum, clip));
    };
    std::vector<double> reset, reset_state, next;
    for (std::int64_t i = 0; i < n; ++i) {
      reset.push_back(gate(n + i));
      reset_state.push_back(reset.back() * s.h[static_cast<std::size_t>(i)]);
    }
    for (std::int64_t i = 0; i < n; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const double z = gate(i);
      const double from_state = linear_before_reset ? reset[k] * sums.FromState(d, 2 * n + i, s.h)
                                                    : sums.FromState(d, 2 * n + i, reset_state);
      const double h = f[1](Clipped(sums.FromInput(d, 2 * n + i, s.x) + from_state, clip));
      next.push_back((1 - z) * h + z * s.h[k]);
    }
    s.h = std::move(next);
  }
};

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Recurrent sizes = MakeRecurrent(node, inputs[0].shape, inputs[2].shape, 3).value();
  const GateSums sums(sizes, inputs);
  const Cell cell{sizes, sums, MakeActivations(node, Kind(), sizes.directions).value(),
                  static_cast<double>(node.attributes.Float("clip", 0)),
                  node.attributes.Int("linear_before_reset", 0) != 0};
  RunRecurrent(sizes, inputs, outputs.first(std::min<std::size_t>(outputs.size(), 2)), cell);
}

}  // namespace

BW_ENTRY(OpDef, gru) = {.name = "GRU", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
