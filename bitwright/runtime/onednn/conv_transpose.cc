// ConvTranspose by oneDNN's deconvolution.

#include "bitwright/graph/iterate.h"
#include "bitwright/runtime/onednn/axes.h"
#include "bitwright/runtime/onednn/image_kernel.h"

namespace bw::kernels {
namespace {

using dnnl::memory;

// ONNX keeps [in, out/group, ...]; oneDNN's order is [group, out/group, in/group, ...]. The
// elements stay where they are: only the strides tell.
memory::desc WeightLayout(const Shape& weight, std::int64_t group) {
  const memory::dims strides = ops::Strides(weight);
  memory::dims extents = weight;
  extents[0] = weight[1];
  extents[1] = weight[0] / group;
  memory::dims steps = strides;
  std::swap(steps[0], steps[1]);
  if (group > 1) {
    extents.insert(extents.begin(), group);
    steps.insert(steps.begin(), strides[0] * (weight[0] / group));
  }
  return {extents, memory::data_type::f32, steps};
}

// oneDNN wants the padding after the last element that makes the windows fit exactly.
Axes ExactAxes(std::vector<ops::Window> windows) {
  for (ops::Window& window : windows) {
    window.pad_end =
        (window.in - 1) * window.stride + window.reach() - window.out - window.pad_begin;
  }
  return MakeAxes(windows);
}

std::unique_ptr<Kernel> Make(const Node& node, std::span<const TensorType> inputs,
                             std::span<const TensorType> outputs,
                             std::span<const Tensor* const> constants) {
  if (!AllFloat(inputs) || !AllFloat(outputs)) return nullptr;
  const auto windows = ops::MakeTransposedWindows(node.attributes, Spatial(inputs[0].shape),
                                                  Spatial(inputs[1].shape));
  if (!windows) return nullptr;
  return TryMake([&]() -> std::unique_ptr<Kernel> {
    const Axes axes = ExactAxes(*windows);
    const Shape source = OneImage(inputs[0].shape);
    const Shape result = OneImage(outputs[0].shape);
    const ImageLayouts plain = {Plain(source),
                                WeightLayout(inputs[1].shape, node.attributes.Int("group", 1)),
                                Plain(result)};
    const memory::desc bias = HasInput(node, 2) ? Plain(inputs[2].shape) : memory::desc();
    const dnnl::deconvolution_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::deconvolution_direct, Any(source),
         Any(plain.weights.dims()), bias, Any(result), axes.strides, axes.gaps, axes.before,
         axes.after},
        KernelAttributes(), CpuEngine());
    return ImageKernel::Make<dnnl::deconvolution_forward>(description, plain, inputs[0].shape[0],
                                                          constants[1] != nullptr);
  });
}

}  // namespace

BW_ENTRY(KernelBinding, conv_transpose) = {"ConvTranspose", Make};

}  // namespace bw::kernels
