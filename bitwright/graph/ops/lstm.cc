// Gates i, o, f and c with optional peepholes: c' = f * c + i * g(...), h' = o * h(c').

#include "bitwright/graph/recurrent.h"

namespace bw::ops {
namespace {

RecurrentKind Kind() { return {4, {"Sigmoid", "Tanh", "Tanh"}, true}; }

Expected<Types> Infer(const InferInput& in) { return RecurrentTypes(in, Kind()); }

struct Cell {
  const Recurrent& sizes;
  const GateSums& sums;
  std::vector<std::vector<Activation>> activations;
  double clip;
  bool coupled;                     // input_forget: f = 1 - i
  std::span<const float> peephole;  // [directions, 3 * hidden]: i, o, f

  double Peep(std::int64_t d, std::int64_t place, double c) const {
    if (peephole.empty()) return 0;
    const auto at = static_cast<std::size_t>(d * 3 * sizes.hidden + place);
    return static_cast<double>(peephole[at]) * c;
  }

  void operator()(const Step& s) const {
    const auto& f = activations[static_cast<std::size_t>(s.direction)];
    const std::int64_t n = sizes.hidden, d = s.direction;
    const auto sum = [&](std::int64_t row) {
      return sums.FromInput(d, row, s.x) + sums.FromState(d, row, s.h);
    };
    std::vector<double> next(s.h.size());
    for (std::int64_t k = 0; k < n; ++k) {
      double& c = s.c[static_cast<std::size_t>(k)];
      const double input = f[0](Clipped(sum(k) + Peep(d, k, c), clip));
      const double forget =
          coupled ? 1 - input : f[0](Clipped(sum(2 * n + k) + Peep(d, 2 * n + k, c), clip));
      c = forget * c + input * f[1](Clipped(sum(3 * n + k), clip));
      const double output = f[0](Clipped(sum(n + k) + Peep(d, n + k, c), clip));
      next[static_cast<std::size_t>(k)] = output * f[2](c);
    }
    s.h = std::move(next);
  }
};

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Recurrent sizes = MakeRecurrent(node, inputs[0].shape, inputs[2].shape, 4).value();
  const GateSums sums(sizes, inputs);
  const bool peeps = inputs.size() > 7 && inputs[7].data != nullptr;
  const Cell cell{sizes,
                  sums,
                  MakeActivations(node, Kind(), sizes.directions).value(),
                  static_cast<double>(node.attributes.Float("clip", 0)),
                  node.attributes.Int("input_forget", 0) != 0,
                  peeps ? inputs[7].span<float>() : std::span<const float>()};
  RunRecurrent(sizes, inputs, outputs, cell);
}

}  // namespace

BW_ENTRY(OpDef, lstm) = {.name = "LSTM", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
