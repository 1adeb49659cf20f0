#pragma once
// MaxPool and AveragePool by oneDNN's pooling, on [N, C, ...] and on [N, H, W, C].

#include "bitwright/graph/ops/channels_last.h"
#include "bitwright/runtime/onednn/axes.h"
#include "bitwright/runtime/onednn/single_step.h"

namespace bw::kernels {

// Null where oneDNN counts otherwise than ONNX does: dilated windows, windows beyond the declared
// padding that would count in an average, a second output.
inline std::unique_ptr<Kernel> MakePool(const Node& node, std::span<const TensorType> inputs,
                                        std::span<const TensorType> outputs,
                                        dnnl::algorithm algorithm,
                                        ops::Order order = ops::Order::kFirst) {
  const bool last = order == ops::Order::kLast;
  const Shape source = last ? ops::ChannelsFirst(inputs[0].shape) : inputs[0].shape;
  const bool floats = AllFloat(inputs) && AllFloat(outputs);
  const auto type = inputs[0].dtype == DType::kInt8    ? dnnl::memory::data_type::s8
                    : inputs[0].dtype == DType::kUint8 ? dnnl::memory::data_type::u8
                                                       : dnnl::memory::data_type::f32;
  if ((!floats && !last) || node.outputs.size() != 1) return nullptr;
  const auto rounding =
      node.attributes.Int("ceil_mode", 0) != 0 ? ops::Rounding::kCeil : ops::Rounding::kFloor;
  auto windows = ops::MakeWindows(node.attributes, Spatial(source),
                                  node.attributes.Ints("kernel_shape", {}), rounding);
  if (!windows) return nullptr;
  for (ops::Window& window : *windows) {
    const std::int64_t after =
        (window.out - 1) * window.stride + window.reach() - window.in - window.pad_begin;
    const bool beyond = after > window.pad_end;
    if (beyond && algorithm == dnnl::algorithm::pooling_avg_include_padding) return nullptr;
    if (window.dilation != 1) return nullptr;
    window.pad_end = std::max<std::int64_t>(after, 0);
    if (window.pad_begin >= window.kernel || window.pad_end >= window.kernel) return nullptr;
  }
  return TryMake([&]() -> std::unique_ptr<Kernel> {
    const Axes axes = MakeAxes(*windows);
    const dnnl::pooling_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference, algorithm,
         last ? ChannelsLast(inputs[0].shape, type) : Plain(inputs[0].shape),
         last ? ChannelsLast(outputs[0].shape, type) : Plain(outputs[0].shape), axes.strides,
         axes.kernel, axes.before, axes.after},
        KernelAttributes(), CpuEngine());
    return SingleStepKernel::Make<dnnl::pooling_forward>(description);
  });
}

}  // namespace bw::kernels
