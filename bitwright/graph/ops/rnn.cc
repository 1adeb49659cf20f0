// h = f(W x + R h + b).

#include "bitwright/graph/recurrent.h"

namespace bw::ops {
namespace {

RecurrentKind Kind() { return {1, {"Tanh"}, false}; }

Expected<Types> Infer(const InferInput& in) { return RecurrentTypes(in, Kind()); }

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const Recurrent sizes = MakeRecurrent(node, inputs[0].shape, inputs[2].shape, 1).value();
  const auto activations = MakeActivations(node, Kind(), sizes.directions).value();
  const auto clip = static_cast<double>(node.attributes.Float("clip", 0));
  const GateSums sums(sizes, inputs);
  RunRecurrent(sizes, inputs, outputs.first(std::min<std::size_t>(outputs.size(), 2)),
               [&](const Step& s) {
                 const auto& f = activations[static_cast<std::size_t>(s.direction)];
                 std::vector<double> next;
                 for (std::int64_t i = 0; i < sizes.hidden; ++i) {
                   const double sum =
                       sums.FromInput(s.direction, i, s.x) + sums.FromState(s.direction, i, s.h);
                   next.push_back(f[0](Clipped(sum, clip)));
                 }
                 s.h = std::move(next);
               });
}

}  // namespace

BW_ENTRY(OpDef, rnn) = {.name = "RNN", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
