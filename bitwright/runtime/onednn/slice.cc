// Slice with constant positions.

#include <algorithm>

#include "bitwright/graph/iterate.h"
#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/region.h"
#include "bitwright/runtime/onednn/types.h"

namespace bw::kernels {
namespace {

class SliceKernel final : public Kernel {
 public:
  SliceKernel(const std::vector<RegionAxis>& axes, std::int64_t first)
      : axes_(JoinAxes(axes)), first_(first) {}

  void Run(std::span<const ConstTensorRef> inputs, std::span<const TensorRef> outputs) override {
    CopyRegion(axes_, 0, inputs[0].span<float>().data() + first_, outputs[0].span<float>().data());
  }

 private:
  std::vector<RegionAxis> axes_;
  std::int64_t first_;
};

// The first index of a slice that is known not to be empty.
std::int64_t FirstIndex(std::int64_t start, std::int64_t step, std::int64_t extent) {
  if (start < 0) start += extent;
  return std::clamp<std::int64_t>(start, 0, step > 0 ? extent : extent - 1);
}

// Starts, axes and steps are lists of int64; the ends have been used by the output's shape.
bool Covered(const Node& node, std::span<const TensorType> inputs,
             std::span<const Tensor* const> constants) {
  if (inputs[0].dtype != DType::kFloat32) return false;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (!HasInput(node, i)) continue;
    if (constants[i] == nullptr || inputs[i].dtype != DType::kInt64) return false;
  }
  return true;
}

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (!Covered(node, inputs, constants)) return nullptr;
  const Shape& extents = inputs[0].shape;
  const auto rank = static_cast<std::int64_t>(extents.size());
  const std::vector<std::int64_t> from = ops::Strides(extents);
  const std::vector<std::int64_t> to = ops::Strides(outputs[0].shape);
  std::vector<RegionAxis> axes;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    axes.push_back({outputs[0].shape[i], from[i], to[i]});
  }
  const auto starts = constants[1]->span<std::int64_t>();
  std::int64_t first = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t given =
        HasInput(node, 3) ? constants[3]->span<std::int64_t>()[i] : static_cast<std::int64_t>(i);
    const auto axis = static_cast<std::size_t>(given < 0 ? given + rank : given);
    const std::int64_t step = HasInput(node, 4) ? constants[4]->span<std::int64_t>()[i] : 1;
    first += FirstIndex(starts[i], step, extents[axis]) * from[axis];
    if (axes[axis].extent > 1) axes[axis].from *= step;
  }
  return std::make_unique<SliceKernel>(axes, first);
}

}  // namespace

BW_ENTRY(KernelBinding, slice) = {"Slice", Make};

}  // namespace bw::kernels
