#pragma once
// A FakeQuantize node whose scale is learned, some of whose elements are left as they are while it
// learns.

#include <cstdint>
#include <optional>
#include <span>

#include "bitwright/graph/graph.h"
#include "bitwright/tensor/code_kernels.h"
#include "bitwright/tensor/qtensor.h"

namespace bw {

// y = round(x) at each element, or x where a coin drawn from the seed drops the rounding
// (probability 1/2; QDrop, arXiv 2203.05740). Gradients pass straight through within the format's
// range; the scale's gradient is that of learned step sizes (LSQ, arXiv 1902.08153), here for any
// element format, with respect to the logarithm of the scale.
class ActivationRounder {
 public:
  // A verified FakeQuantize node and the shape of what it rounds. Under a spec whose scales follow
  // from the values at hand (IsDynamic) there is no scale to learn, and every gradient passes.
  ActivationRounder(const Node& node, const Shape& shape);

  // One float32 scale of the node's own.
  bool scale_can_move() const;
  float scale() const { return scale_; }
  void set_scale(float scale) { scale_ = scale; }

  void Forward(std::span<const float> x, std::span<float> y,
               std::optional<std::uint64_t> drop_seed) const;

  // The gradient of log(scale); x_gradient may be empty. The seed is that of the forward run.
  double Backward(std::span<const float> x, std::span<const float> y,
                  std::span<const float> y_gradient, std::span<float> x_gradient,
                  std::optional<std::uint64_t> drop_seed) const;

 private:
  QuantSpec spec_;
  Grouping grouping_;
  RoundFunction round_;
  float scale_ = 1;
  std::int32_t zero_ = 0;
};

}  // namespace bw
