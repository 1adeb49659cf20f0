// Runs `body` once for each slice of its scan inputs: state values go from one iteration to the
// next, scan outputs are stacked.

#include "bitwright/graph/ops/control.h"
#include "bitwright/graph/ops/move.h"

namespace bw::ops {
namespace {

struct Parts {
  std::size_t states, inputs, outputs;
};

Expected<Parts> Count(const Node& node, const Subgraph& body) {
  const std::int64_t inputs = node.attributes.Int("num_scan_inputs", 0);
  const auto own = static_cast<std::int64_t>(body.own_inputs());
  const auto outputs = static_cast<std::int64_t>(body.graph.outputs.size());
  if (inputs < 1 || inputs > own || own - inputs > outputs) {
    return Fail("num_scan_inputs is {} but the body has {} inputs and {} outputs", inputs, own,
                outputs);
  }
  return Parts{static_cast<std::size_t>(own - inputs), static_cast<std::size_t>(inputs),
               static_cast<std::size_t>(outputs - (own - inputs))};
}

Expected<Types> Infer(const InferInput& in) {
  BW_ASSIGN(const auto body, GraphOf(in.node, "body"));
  BW_TRY(Count(in.node, *body));
  const std::size_t own = in.node.inputs.size() - body->captured.size();
  BW_TRY(CheckCounts(in, {own, in.node.inputs.size(), in.node.outputs.size()}));
  BW_TRY(CheckGraph(in.node, "body", own, in.node.outputs.size()));
  return NotKnown(in, 0, "the scan inputs");
}

std::int64_t Entry(const Node& node, const char* name, std::size_t i) {
  const auto list = node.attributes.Ints(name, {});
  return i < list.size() ? list[i] : 0;
}

// [outer, length, inner] -> the slice [outer, inner] at `at`.
TensorPtr Slice(const Tensor& x, std::size_t axis, std::int64_t at) {
  Shape shape = x.shape();
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  auto out = std::make_shared<Tensor>(x.dtype(), shape);
  const auto width = static_cast<std::int64_t>(DTypeBytes(x.dtype()));
  const std::int64_t inner = Product(x.shape(), axis + 1, x.shape().size()) * width;
  const auto* from = static_cast<const std::byte*>(ConstTensorRef(x).data);
  auto* to = static_cast<std::byte*>(TensorRef(*out).data);
  for (std::int64_t i = 0; i < Product(x.shape(), 0, axis) && inner > 0; ++i) {
    std::memcpy(to + i * inner, from + (i * x.shape()[axis] + at) * inner,
                static_cast<std::size_t>(inner));
  }
  return out;
}

// Moves axis 0 to `axis`.
TensorPtr MoveAxis(TensorPtr x, std::size_t axis) {
  if (axis == 0) return x;
  Shape shape = x->shape();
  std::rotate(shape.begin(), shape.begin() + 1,
              shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1);
  auto out = std::make_shared<Tensor>(x->dtype(), shape);
  const auto own = Strides(x->shape());
  std::vector<std::int64_t> strides(own.begin() + 1, own.end());
  strides.insert(strides.begin() + static_cast<std::ptrdiff_t>(axis), own[0]);
  DispatchAny(x->dtype(), [&]<typename T>() {
    const auto from = std::as_const(*x).template span<T>();
    const auto to = out->template span<T>();
    ForEach(shape, std::array{strides}, [&](std::size_t i, const std::array<std::int64_t, 1>& at) {
      to[i] = from[static_cast<std::size_t>(at[0])];
    });
  });
  return out;
}

struct Scanned {
  std::vector<std::size_t> axes;
  std::int64_t length = -1;
};

Expected<Scanned> ScanAxes(const Node& node, const Parts& counts,
                           std::span<const TensorPtr> inputs) {
  Scanned scanned;
  for (std::size_t i = 0; i < counts.inputs; ++i) {
    const Shape& shape = inputs[counts.states + i]->shape();
    BW_ASSIGN(const std::size_t axis, NormalAxis(Entry(node, "scan_input_axes", i), shape.size()));
    if (scanned.length >= 0 && shape[axis] != scanned.length) {
      return Fail("scan inputs have {} and {} slices, they must have the same number",
                  scanned.length, shape[axis]);
    }
    scanned.length = shape[axis];
    scanned.axes.push_back(axis);
  }
  return scanned;
}

Expected<std::vector<TensorPtr>> Control(const Node& node, std::span<const TensorPtr> inputs,
                                         const GraphRunner& run) {
  BW_ASSIGN(const auto body, GraphOf(node, "body"));
  BW_ASSIGN(const Parts counts, Count(node, *body));
  BW_ASSIGN(const Scanned scanned, ScanAxes(node, counts, inputs));
  std::vector<TensorPtr> states(inputs.begin(),
                                inputs.begin() + static_cast<std::ptrdiff_t>(counts.states));
  std::vector<Stack> stacks(counts.outputs);
  for (std::int64_t step = 0; step < scanned.length; ++step) {
    std::vector<TensorPtr> own = states;
    for (std::size_t i = 0; i < counts.inputs; ++i) {
      const bool back = Entry(node, "scan_input_directions", i) != 0;
      own.push_back(Slice(*inputs[counts.states + i], scanned.axes[i],
                          back ? scanned.length - 1 - step : step));
    }
    BW_ASSIGN(const std::vector<TensorPtr> out, RunInner(*body, std::move(own), inputs, run));
    for (std::size_t i = 0; i < counts.states; ++i) states[i] = out[i];
    for (std::size_t i = 0; i < counts.outputs; ++i) {
      BW_TRY(stacks[i].Push(out[counts.states + i]));
    }
  }
  for (std::size_t i = 0; i < counts.outputs; ++i) {
    const ValueId id = body->graph.outputs[counts.states + i];
    TensorPtr stacked = stacks[i].Stacked(body->graph.value(id).type,
                                          Entry(node, "scan_output_directions", i) != 0);
    BW_ASSIGN(const std::size_t axis,
              NormalAxis(Entry(node, "scan_output_axes", i), stacked->shape().size()));
    states.push_back(MoveAxis(std::move(stacked), axis));
  }
  return states;
}

}  // namespace

BW_ENTRY(OpDef, scan) = {.name = "Scan", .infer = Infer, .control = Control};

}  // namespace bw::ops
