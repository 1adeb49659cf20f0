#include "bitwright/runtime/onednn/direct/pointwise.h"

#include <limits>

#include "bitwright/graph/integer_grid.h"
#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/runtime/onednn/direct/pointwise_loops.h"

namespace bw::kernels {
namespace {

constexpr std::size_t kBlock = PointwiseLayer::kBlock, kQuad = PointwiseLayer::kQuad;

class PointwiseKernel final : public Kernel {
 public:
  PointwiseKernel(const Node& node, DType input, const Shape& weights, std::optional<ByteGrid> grid)
      : grid_(std::move(grid)),
        offset_(static_cast<std::int32_t>(node.attributes.Int("offset", 0))) {
    layer_.channels = static_cast<std::size_t>(weights[0]);
    layer_.depth = static_cast<std::size_t>(weights[1]);
    layer_.flip = input == DType::kInt8 ? 0x80 : 0;
    layer_.low = node.attributes.Float("low", -std::numeric_limits<float>::infinity());
    layer_.high = node.attributes.Float("high", std::numeric_limits<float>::infinity());
    weights_.resize(layer_.blocks() * kBlock * layer_.depth);
    for (auto* all : {&multiplier_, &bias_}) all->resize(layer_.blocks() * kBlock);
    start_.resize(layer_.blocks() * kBlock);
  }

  void BindConstant(std::size_t input, ConstTensorRef constant) override {
    if (input == 1) Arrange(constant.span<std::int8_t>());
    if (input == 2) std::ranges::copy(constant.span<float>(), multiplier_.begin());
    if (input == 3) std::ranges::copy(constant.span<float>(), bias_.begin());
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    PointwiseLayer layer = layer_;
    layer.weights = weights_.data();
    layer.start = start_.data();
    layer.multiplier = multiplier_.data();
    layer.bias = bias_.data();
    layer.grid = grid_ ? &*grid_ : nullptr;
    const Shape& x = inputs[0].shape;
    RunPointwise(layer, static_cast<const std::uint8_t*>(inputs[0].data),
                 static_cast<std::size_t>(x[0] * x[1] * x[2]), outputs[0].data);
  }

 private:
  // A stored byte, less its offset, is what it stands for; the flip adds 128. Sums are exact in the
  // end, whatever wraps on the way.
  void Arrange(std::span<const std::int8_t> weights) {
    const std::int64_t more = offset_ + (layer_.flip != 0 ? 128 : 0);
    for (std::size_t o = 0; o < layer_.channels; ++o) {
      std::int8_t* block = weights_.data() + o / kBlock * kBlock * layer_.depth;
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < layer_.depth; ++i) {
        const std::int8_t weight = weights[o * layer_.depth + i];
        block[(i / kQuad * kBlock + o % kBlock) * kQuad + i % kQuad] = weight;
        sum += weight;
      }
      start_[o] = static_cast<std::int32_t>(-more * sum);
    }
  }

  PointwiseLayer layer_;
  std::optional<ByteGrid> grid_;
  std::int32_t offset_;
  std::vector<std::int8_t> weights_;
  std::vector<std::int32_t> start_;
  std::vector<float> multiplier_, bias_;
};

bool IsByte(DType dtype) { return dtype == DType::kUint8 || dtype == DType::kInt8; }

bool SeesOneElement(const ops::Window& window) {
  return window.kernel == 1 && window.stride == 1 && window.in == window.out;
}

}  // namespace

std::unique_ptr<Kernel> MakePointwise(const Node& node, std::span<const TensorType> inputs,
                                      const TensorType& output,
                                      const std::vector<ops::Window>& windows) {
  const Shape& w = inputs[1].shape;
  const bool bytes = IsByte(inputs[0].dtype) && inputs[1].dtype == DType::kInt8;
  const bool quads = w[1] > 0 && w[1] % static_cast<std::int64_t>(kQuad) == 0;
  if (!HasPointwise() || !bytes || !quads || node.attributes.Int("group", 1) != 1 ||
      !std::ranges::all_of(windows, SeesOneElement)) {
    return nullptr;
  }
  std::optional<ByteGrid> grid;
  if (IsByte(output.dtype)) {
    grid = FindByteGrid(*FindIntegerGrid(node.attributes));
    if (!grid || !RoundsInVectors(*grid)) return nullptr;
  } else {
    const bool last = ops::OrderOf(node) == ops::Order::kLast;
    const bool pixels = windows[0].out * windows[1].out == 1;
    if (output.dtype != DType::kFloat32 || !(last || pixels)) return nullptr;
  }
  return std::make_unique<PointwiseKernel>(node, inputs[0].dtype, w, std::move(grid));
}

}  // namespace bw::kernels
