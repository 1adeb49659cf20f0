// Conv: oneDNN's direct convolution, or the channelwise kernel where a group has one input channel.

#include "bitwright/runtime/onednn/axes.h"
#include "bitwright/runtime/onednn/direct/channelwise.h"
#include "bitwright/runtime/onednn/image_kernel.h"

namespace bw::kernels {
namespace {

using dnnl::memory;

// [out, in/group, ...] -> [group, out/group, in/group, ...]; the elements stay where they are.
memory::dims WeightExtents(const Shape& weight, std::int64_t group) {
  memory::dims extents = weight;
  if (group > 1) {
    extents[0] /= group;
    extents.insert(extents.begin(), group);
  }
  return extents;
}

// Which layout is faster was measured on 30 shapes of common networks: a pointwise convolution over
// at least 100 positions is a matrix product on planes as they stand and gains nothing from a
// reorder; everything else gains more from oneDNN's own layouts than the reorders cost.
bool PlanesAreFaster(const std::vector<ops::Window>& windows, std::int64_t group) {
  std::int64_t positions = 1;
  for (const ops::Window& window : windows) {
    if (window.kernel != 1 || window.stride != 1 || window.in != window.out) return false;
    positions *= window.out;
  }
  return group == 1 && positions >= 100;
}

// The channelwise kernel works plane by plane and wins where planes are large; on at most 36
// outputs oneDNN, which works across channels, wins in spite of its reorders.
bool ChannelwiseIsFaster(const Shape& input, const Shape& weight, const Shape& output) {
  if (!IsChannelwise(weight) || input[1] == 1) return false;
  const std::int64_t positions = ElementCount(output) / output[0] / output[1];
  return positions > 36 || output[1] != input[1];
}

std::unique_ptr<Kernel> MakeDirect(const Node& node, std::span<const TensorType> inputs,
                                   const Shape& output, const std::vector<ops::Window>& windows,
                                   bool constant_weights) {
  const std::int64_t group = node.attributes.Int("group", 1);
  const Axes axes = MakeAxes(windows);
  const Shape source = OneImage(inputs[0].shape);
  const Shape result = OneImage(output);
  const ImageLayouts plain = {Plain(source), Plain(WeightExtents(inputs[1].shape, group)),
                              Plain(result)};
  const bool planes = PlanesAreFaster(windows, group);
  const memory::desc bias = HasInput(node, 2) ? Plain(inputs[2].shape) : memory::desc();
  const dnnl::convolution_forward::primitive_desc description(
      {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
       planes ? plain.source : Any(source), Any(plain.weights.dims()), bias,
       planes ? plain.result : Any(result), axes.strides, axes.gaps, axes.before, axes.after},
      KernelAttributes(), CpuEngine());
  return ImageKernel::Make<dnnl::convolution_forward>(description, plain, inputs[0].shape[0],
                                                      constant_weights);
}

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (!AllFloat(inputs) || !AllFloat(outputs)) return nullptr;
  const Shape& weight = inputs[1].shape;
  const std::vector<std::int64_t> kernel = Spatial(weight);
  const auto windows =
      ops::MakeWindows(node.attributes, Spatial(inputs[0].shape), kernel, ops::Rounding::kFloor);
  if (!windows) return nullptr;
  if (ChannelwiseIsFaster(inputs[0].shape, weight, outputs[0].shape)) {
    return MakeChannelwise(inputs[0].shape, outputs[0].shape, *windows);
  }
  return TryMake([&] {
    return MakeDirect(node, inputs, outputs[0].shape, *windows, constants[1] != nullptr);
  });
}

}  // namespace

BW_ENTRY(KernelBinding, conv) = {"Conv", Make};

}  // namespace bw::kernels
