#pragma once
// What RNN, GRU and LSTM share: shapes, directions, sequence lengths, activation functions. All
// arithmetic is in double, outputs are rounded once.

#include <functional>
#include <string>
#include <vector>

#include "bitwright/graph/checks.h"

namespace bw::ops {

// Extents of a recurrent node.
struct Recurrent {
  std::int64_t steps = 0, batch = 0, inputs = 0, hidden = 0, directions = 1, gates = 1;
  bool batch_first = false;  // layout 1
  std::string direction;

  std::int64_t XAt(std::int64_t t, std::int64_t b) const {
    return (batch_first ? b * steps + t : t * batch + b) * inputs;
  }
  std::int64_t YAt(std::int64_t t, std::int64_t d, std::int64_t b) const {
    return (batch_first ? (b * steps + t) * directions + d : (t * directions + d) * batch + b) *
           hidden;
  }
  std::int64_t StateAt(std::int64_t d, std::int64_t b) const {
    return (batch_first ? b * directions + d : d * batch + b) * hidden;
  }
  bool Backward(std::int64_t d) const { return direction == "reverse" || d == 1; }
};

// How many activation functions a direction has, and which are the defaults.
struct RecurrentKind {
  std::int64_t gates;
  std::vector<std::string> activations;
  bool cell;  // has a second state: LSTM
};

Expected<Recurrent> MakeRecurrent(const Node& node, const Shape& x, const Shape& r,
                                  std::int64_t gates);

Expected<Types> RecurrentTypes(const InferInput& in, const RecurrentKind& kind);

using Activation = std::function<double(double)>;

// For every direction the functions in order.
Expected<std::vector<std::vector<Activation>>> MakeActivations(const Node& node,
                                                               const RecurrentKind& kind,
                                                               std::int64_t directions);

// One step of one sequence: from its input row and states to new states, in place.
struct Step {
  std::int64_t direction;
  const float* x;
  std::vector<double>& h;
  std::vector<double>& c;
};

// Runs step(Step) over all directions and sequences and writes Y, Y_h and (with a cell) Y_c.
void RunRecurrent(const Recurrent& sizes, std::span<const ConstTensorRef> inputs,
                  std::span<const TensorRef> outputs, const std::function<void(const Step&)>& step);

// W x + R h + both biases of row `row` (a gate's unit) of a direction.
class GateSums {
 public:
  GateSums(const Recurrent& sizes, std::span<const ConstTensorRef> inputs)
      : sizes_(sizes),
        w_(inputs[1].span<float>()),
        r_(inputs[2].span<float>()),
        b_(inputs.size() > 3 && inputs[3].data != nullptr ? inputs[3].span<float>()
                                                          : std::span<const float>()) {}

  double FromInput(std::int64_t d, std::int64_t row, const float* x) const;
  double FromState(std::int64_t d, std::int64_t row, std::span<const double> h) const;

 private:
  const Recurrent& sizes_;
  std::span<const float> w_, r_, b_;
};

// Limits to [-clip, clip]; 0 means no limit.
double Clipped(double x, double clip);

}  // namespace bw::ops
