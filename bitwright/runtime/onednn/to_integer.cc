// ToInteger: rounds a piece at a time, and turns channels last where they are not.

#include <algorithm>
#include <limits>

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/bytes.h"

namespace bw::kernels {
namespace {

template <typename T>
class ToIntegerKernel final : public Kernel {
 public:
  ToIntegerKernel(const IntegerGrid& grid, ops::Order order) : rounder_(grid), order_(order) {
    if (sizeof(T) == 1) byte_grid_ = FindByteGrid(grid);
  }

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    const Shape& shape = inputs[0].shape;
    const std::span<const float> x = inputs[0].span<float>();
    T* y = outputs[0].span<T>().data();
    if (order_ == ops::Order::kLast) return Round(x, y);
    const auto channels = static_cast<std::size_t>(shape[1]);
    const auto positions = static_cast<std::size_t>(shape[2] * shape[3]);
    integers_.resize(channels * positions);
    for (std::size_t at = 0; at < x.size(); at += integers_.size()) {
      Round(x.subspan(at, integers_.size()), integers_.data());
      TransposeTo(integers_.data(), y + at, channels, positions);
    }
  }

 private:
  static constexpr std::size_t kPiece = 1024;

  void Round(std::span<const float> x, T* y) {
    for (std::size_t i = 0; i < x.size(); i += kPiece)
      RoundPiece(x.subspan(i, std::min(kPiece, x.size() - i)), y + i);
  }

  void RoundPiece(std::span<const float> x, T* y) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const std::size_t count = x.size();
    if (byte_grid_ && AffineToBytes(x.data(), ones_.data(), zeros_.data(), -kInfinity, kInfinity,
                                    *byte_grid_, y, count)) {
      return;
    }
    std::copy_n(x.data(), count, values_.data());
    rounder_.Round({values_.data(), count});
    ValuesToIntegers(values_.data(), rounder_.grid(), y, count);
  }

  GridRounder rounder_;
  ops::Order order_;
  std::optional<ByteGrid> byte_grid_;
  std::vector<float> values_ = std::vector<float>(kPiece);
  std::vector<float> ones_ = std::vector<float>(kPiece, 1.0F);
  std::vector<float> zeros_ = std::vector<float>(kPiece, 0.0F);
  std::vector<T> integers_;  // of one image
};

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType>,
                             std::span<const TensorType>, std::span<const Tensor* const>) {
  const auto grid = FindIntegerGrid(node.attributes);
  std::unique_ptr<Kernel> kernel;
  if (!grid) return kernel;
  DispatchStored(grid->dtype, [&]<typename T>() {
    kernel = std::make_unique<ToIntegerKernel<T>>(*grid, ops::OrderOf(node));
  });
  return kernel;
}

}  // namespace

BW_ENTRY(KernelBinding, to_integer) = {"ToInteger", Make};

}  // namespace bw::kernels
