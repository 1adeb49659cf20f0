#pragma once
// What every oneDNN binding needs: one engine, primitives that own their scratch memory and run on
// the calling thread alone, and the window attributes of convolutions and pools.

#include <omp.h>

#include <dnnl.hpp>
#include <memory>
#include <span>
#include <vector>

#include "bitwright/runtime/kernel.h"
#include "bitwright/runtime/onednn/types.h"

namespace bw::kernels {

// While alive, oneDNN's OpenMP on this thread is one thread wide. oneDNN asks for the width when it
// chooses a primitive's blocking and again when it runs, so both happen under this guard. The
// setting is the thread's own.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

inline const dnnl::engine& CpuEngine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// Dense row-major layout of float32.
inline dnnl::memory::desc Plain(const dnnl::memory::dims& extents) {
  dnnl::memory::dims strides(extents.size(), 1);
  for (std::size_t i = extents.size(); i-- > 1;) strides[i - 1] = strides[i] * extents[i];
  return {extents, dnnl::memory::data_type::f32, strides};
}

// [N, H, W, C] in memory, seen as [N, C, H, W].
inline dnnl::memory::desc ChannelsLast(
    const Shape& last, dnnl::memory::data_type type = dnnl::memory::data_type::f32) {
  const std::int64_t n = last[0], h = last[1], w = last[2], c = last[3];
  return {{n, c, h, w}, type, {h * w * c, 1, w * c, c}};
}

// The layout that the primitive likes best.
inline dnnl::memory::desc Any(const dnnl::memory::dims& extents) {
  return {extents, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any};
}

// Memory of ours that starts without elements; see Point.
inline dnnl::memory Unset(const dnnl::memory::desc& layout) {
  return {layout, CpuEngine(), nullptr};
}

inline void Point(dnnl::memory& memory, const void* elements) {
  memory.set_data_handle(const_cast<void*>(elements));
}

// Exact float32 arithmetic; scratch memory is ours, so that kernels on several threads share
// nothing.
inline dnnl::primitive_attr KernelAttributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attributes.set_fpmath_mode(dnnl::fpmath_mode::strict);
  return attributes;
}

// A primitive with its arguments and scratch memory.
class Step {
 public:
  Step() = default;

  template <typename Description>
  Step(const Description& description, const dnnl::primitive& primitive,
       std::vector<std::pair<int, dnnl::memory>> arguments)
      : primitive_(primitive), arguments_(std::move(arguments)) {
    const dnnl::memory::desc scratch = description.scratchpad_desc();
    if (scratch.get_size() > 0) {
      arguments_.emplace_back(DNNL_ARG_SCRATCHPAD, dnnl::memory(scratch, CpuEngine()));
    }
    for (const auto& [index, memory] : arguments_) raw_.push_back({index, memory.get()});
  }

  // Copies elements between layouts.
  static Step Reorder(const dnnl::memory& from, const dnnl::memory& to) {
    const dnnl::reorder::primitive_desc description(from, to, KernelAttributes());
    return {description, dnnl::reorder(description), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}};
  }

  void Run(const dnnl::stream& stream) const {
    const dnnl_status_t status = dnnl_primitive_execute(primitive_.get(), stream.get(),
                                                        static_cast<int>(raw_.size()), raw_.data());
    BW_CHECK(status == dnnl_success);
  }

 private:
  dnnl::primitive primitive_;
  std::vector<std::pair<int, dnnl::memory>> arguments_;
  std::vector<dnnl_exec_arg_t> raw_;
};

// Calls make() one thread wide; null where oneDNN has no implementation, so that the reference runs
// the node.
template <typename Make>
std::unique_ptr<Kernel> TryMake(const Make& make) {
  try {
    const OneThread guard;
    return make();
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

}  // namespace bw::kernels
