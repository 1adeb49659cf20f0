#pragma once
// What a network computes and keeps, for one sample: all that a cost model knows of it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bitwright/graph/graph.h"
#include "bitwright/graph/infer.h"
#include "bitwright/quant/targets.h"

namespace bw {

// Index into QuantTargets::tensors; none: float32 under every plan.
using TensorIndex = std::optional<std::size_t>;

enum class LayerKind {
  kInput,    // no work: the network's input comes to be
  kConv,     // Conv, ConvTranspose
  kProduct,  // of matrices, and everything else that multiplies and accumulates
  kOther,
};

// The loop nest of a multiplying layer: macs = groups * filters * rows * columns * channels *
// kernel_rows * kernel_columns. Products of matrices have kernels of 1 x 1 and their rows in
// `columns`. Convolutions of one axis have rows = 1, those of three have two of them in `rows`.
struct Extents {
  std::int64_t groups = 1;
  std::int64_t filters = 1, channels = 1;  // of one group
  std::int64_t rows = 1, columns = 1;      // of the output; of the input in ConvTranspose
  std::int64_t kernel_rows = 1, kernel_columns = 1;
  std::int64_t row_stride = 1, column_stride = 1;

  std::int64_t macs() const {
    return groups * filters * channels * rows * columns * kernel_rows * kernel_columns;
  }
  friend auto operator<=>(const Extents&, const Extents&) = default;
};

// A node with what runs in place behind it (Conv -> BatchNormalization -> Relu, Conv -> Add), up to
// a value that is stored.
struct LayerWork {
  std::string name;  // of its first node; of the value where it is an input
  std::string op;    // ONNX operator of the first node, "Input"
  LayerKind kind = LayerKind::kOther;
  Extents extents;        // kConv and kProduct
  std::int64_t macs = 0;  // 0 for kInput and kOther

  // What is multiplied, by the tensors that stand behind movement operators: the data (several:
  // behind a Concat), and the weights (or a second activation).
  std::vector<TensorIndex> inputs;
  TensorIndex weight;
  TensorIndex output;
  std::vector<std::size_t> reader_weights;  // tensors: of the convolutions that read the output
  std::int64_t input_elements = 0, weight_elements = 0, output_elements = 0;

  // What is stored because of this layer and of no layer before it.
  std::vector<std::size_t> weights_owned;     // tensors: its weight, unless an earlier layer's
  std::vector<std::size_t> activations_made;  // tensors
  std::int64_t float_weight_elements = 0;     // biases and other float constants
  std::int64_t float_activation_elements = 0;

  // In the network (WorkSource): its nodes and the views in front of them that no earlier layer
  // has, in order; the values it stores.
  std::vector<std::size_t> nodes;
  std::vector<ValueId> stored;
};

// An activation in memory: targets, what stays float, and what movement operators copy (MaxPool,
// Transpose; Reshape and Concat are views), which has the tensor it was copied from.
struct Buffer {
  TensorIndex tensor;
  std::int64_t elements = 0;
  std::size_t first = 0, last = 0;  // layers that write it and read it last
};

// The network itself, for models that run it.
struct WorkSource {
  Graph graph;
  InferredTypes types;                 // batch 1
  std::vector<TensorIndex> tensor_of;  // by value: the one tensor that it has its format from
  std::vector<char> is_target;         // by value: it is that tensor
};

struct Work {
  std::shared_ptr<const WorkSource> source;
  QuantTargets targets;
  std::vector<LayerWork> layers;  // in order of execution, inputs first
  std::vector<Buffer> buffers;
};

// For batch 1. Fails where types do.
Expected<Work> MakeWork(const Graph& graph, const QuantTargets& targets);

}  // namespace bw
