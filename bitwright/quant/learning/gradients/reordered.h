#pragma once
// oneDNN's primitives on tensors as they stand in the network.

#include <optional>

#include "bitwright/quant/learning/gradient.h"
#include "bitwright/runtime/onednn/primitive.h"

namespace bw::gradients {

// An argument of a primitive: its layout in the network and the one the primitive likes.
struct Argument {
  int index = 0;
  dnnl::memory::desc plain, liked;
};

// A primitive between reorders, one thread wide.
class Reordered {
 public:
  template <typename Description>
  Reordered(const Description& description, const dnnl::primitive& primitive,
            const std::vector<Argument>& inputs, const std::vector<Argument>& outputs)
      : stream_(kernels::CpuEngine()) {
    std::vector<std::pair<int, dnnl::memory>> arguments;
    std::vector<kernels::Step> after;
    for (const Argument& input : inputs) {
      arguments.emplace_back(input.index, Place(input, inputs_));
      if (input.plain != input.liked)
        steps_.push_back(kernels::Step::Reorder(inputs_.back(), arguments.back().second));
    }
    for (const Argument& output : outputs) {
      arguments.emplace_back(output.index, Place(output, outputs_));
      if (output.plain != output.liked)
        after.push_back(kernels::Step::Reorder(arguments.back().second, outputs_.back()));
    }
    steps_.emplace_back(description, primitive, std::move(arguments));
    std::move(after.begin(), after.end(), std::back_inserter(steps_));
  }

  // As many pointers as there are inputs and outputs, in their order.
  void Run(std::initializer_list<const void*> inputs, std::initializer_list<void*> outputs) {
    const kernels::OneThread guard;
    PointAll(inputs, inputs_);
    PointAll(outputs, outputs_);
    for (const kernels::Step& step : steps_) step.Run(stream_);
  }

 private:
  static dnnl::memory Place(const Argument& argument, std::vector<dnnl::memory>& places) {
    places.push_back(kernels::Unset(argument.plain));
    if (argument.plain == argument.liked) return places.back();
    return {argument.liked, kernels::CpuEngine()};
  }

  template <typename Pointers>
  static void PointAll(const Pointers& pointers, std::vector<dnnl::memory>& places) {
    BW_CHECK(pointers.size() == places.size());
    std::size_t i = 0;
    for (const void* pointer : pointers) kernels::Point(places[i++], pointer);
  }

  dnnl::stream stream_;
  std::vector<dnnl::memory> inputs_, outputs_;
  std::vector<kernels::Step> steps_;
};

// Calls make() one thread wide; an error where oneDNN has no implementation.
template <typename Make>
Expected<std::unique_ptr<Gradient>> TryPrimitive(const Make& make) {
  try {
    const kernels::OneThread guard;
    return make();
  } catch (const dnnl::error& error) {
    return Fail("oneDNN has no gradient for these shapes ({})", error.what());
  }
}

}  // namespace bw::gradients
