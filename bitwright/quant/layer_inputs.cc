#include "bitwright/quant/layer_inputs.h"

#include <algorithm>
#include <array>

#include "bitwright/base/memory.h"
#include "bitwright/base/rng.h"
#include "bitwright/graph/window.h"

namespace bw {
namespace {

// Where memory is short, the layers share half of what is free.
std::int64_t NumbersPerLayer(std::size_t layers) {
  constexpr std::int64_t kMost = 4'000'000;
  const std::size_t share = FreeMemory() / 2 / sizeof(float) / std::max<std::size_t>(layers, 1);
  return std::min(kMost, static_cast<std::int64_t>(share));
}

// The node that multiplies by a weight; its vectors can be drawn.
struct Layer {
  std::size_t target = 0;
  const Node* node = nullptr;
};

std::vector<Layer> FindLayers(const Graph& graph, const QuantTargets& targets) {
  std::vector<Layer> layers;
  for (std::size_t t = 0; t < targets.tensors.size(); ++t) {
    if (targets.tensors[t].kind != TargetKind::kWeight) continue;
    for (const Node& node : graph.nodes) {
      if (node.op->role != OpRole::kCompute || node.op->name == "ConvTranspose") continue;
      if (node.inputs[static_cast<std::size_t>(node.op->weight_input)] != targets.tensors[t].value)
        continue;
      const bool matrix =
          targets.tensors[t].shape.size() == 2 && node.attributes.Int("transA", 0) == 0;
      if (node.op->name == "Conv" || matrix) layers.push_back({t, &node});
      break;
    }
  }
  return layers;
}

// One patch: the input elements that output position (n, o) multiplies with the weight rows of one
// group.
void AppendPatch(ConstTensorRef input, std::int64_t sample, std::int64_t first_channel,
                 std::int64_t channels, const std::array<ops::Window, 3>& windows,
                 const std::array<std::int64_t, 3>& position, std::vector<float>& rows) {
  const std::span<const float> data = input.span<float>();
  const std::int64_t plane = windows[0].in * windows[1].in * windows[2].in;
  for (std::int64_t c = first_channel; c < first_channel + channels; ++c) {
    const std::int64_t base = (sample * input.shape[1] + c) * plane;
    for (std::int64_t a = 0; a < windows[0].kernel; ++a) {
      for (std::int64_t b = 0; b < windows[1].kernel; ++b) {
        for (std::int64_t d = 0; d < windows[2].kernel; ++d) {
          const std::array<std::int64_t, 3> tap = {a, b, d};
          std::int64_t offset = 0;
          bool inside = true;
          for (std::size_t i = 0; i < 3; ++i) {
            const std::int64_t at = position[i] * windows[i].stride + tap[i] * windows[i].dilation -
                                    windows[i].pad_begin;
            inside = inside && at >= 0 && at < windows[i].in;
            offset = offset * windows[i].in + at;
          }
          rows.push_back(inside ? data[static_cast<std::size_t>(base + offset)] : 0.0F);
        }
      }
    }
  }
}

// Patches of one chunk, [count][groups][length].
void AppendConv(const Node& node, ConstTensorRef input, const Shape& weight, std::int64_t rows,
                std::int64_t wanted, Rng rng, std::vector<float>& out) {
  const std::vector<std::int64_t> spatial(input.shape.begin() + 2, input.shape.end());
  const std::vector<std::int64_t> kernel(weight.begin() + 2, weight.end());
  const Expected<std::vector<ops::Window>> found =
      ops::MakeWindows(node.attributes, spatial, kernel, ops::Rounding::kFloor);
  BW_CHECK(found.has_value());
  const std::array<ops::Window, 3> windows = ops::ThreeAxes(*found);
  const std::int64_t groups = node.attributes.Int("group", 1);
  for (std::int64_t i = 0; i < wanted; ++i) {
    const auto sample = static_cast<std::int64_t>(rng.Below(static_cast<std::uint64_t>(rows)));
    std::array<std::int64_t, 3> position{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      position[axis] =
          static_cast<std::int64_t>(rng.Below(static_cast<std::uint64_t>(windows[axis].out)));
    }
    for (std::int64_t g = 0; g < groups; ++g) {
      AppendPatch(input, sample, g * weight[1], weight[1], windows, position, out);
    }
  }
}

void AppendRows(ConstTensorRef input, std::int64_t length, std::int64_t wanted, Rng rng,
                std::vector<float>& out) {
  const std::span<const float> data = input.span<float>();
  const std::int64_t rows = input.size() / length;
  for (std::int64_t i = 0; i < wanted; ++i) {
    const auto row =
        wanted >= rows ? i : static_cast<std::int64_t>(rng.Below(static_cast<std::uint64_t>(rows)));
    if (row >= rows) break;
    const auto part =
        data.subspan(static_cast<std::size_t>(row * length), static_cast<std::size_t>(length));
    out.insert(out.end(), part.begin(), part.end());
  }
}

// [count][groups][length] of all chunks -> [groups][count][length].
LayerInputs Arrange(std::vector<std::vector<float>> parts, int channel_axis, std::int64_t groups,
                    std::int64_t length) {
  LayerInputs inputs{channel_axis, groups, length, 0, {}};
  std::size_t numbers = 0;
  for (const std::vector<float>& part : parts) numbers += part.size();
  inputs.count = static_cast<std::int64_t>(numbers) / (groups * length);
  inputs.rows.reserve(numbers);
  for (std::int64_t g = 0; g < groups; ++g) {
    for (const std::vector<float>& part : parts) {
      const auto size = static_cast<std::int64_t>(part.size());
      for (std::int64_t at = g * length; at < size; at += groups * length)
        inputs.rows.insert(inputs.rows.end(), part.begin() + at, part.begin() + at + length);
    }
  }
  return inputs;
}

bool IsConv(const Layer& layer) { return layer.node->op->name == "Conv"; }

// Length of one vector, and how many independent groups.
std::pair<std::int64_t, std::int64_t> Extents(const Layer& layer, const QuantTarget& target) {
  if (!IsConv(layer)) return {1, target.shape[static_cast<std::size_t>(1 - target.axes.channel)]};
  return {layer.node->attributes.Int("group", 1), target.elements / target.shape[0]};
}

}  // namespace

Expected<std::vector<LayerInputs>> CollectLayerInputs(const Graph& graph,
                                                      const QuantTargets& targets,
                                                      const Dataset& data, std::uint64_t seed,
                                                      int threads, const Progress& progress) {
  BW_ASSIGN(Runner runner, Runner::Create(graph, data, {threads, Backend::kFast, false}));
  const std::size_t chunks = runner.ChunkCount(data);
  const std::vector<Layer> layers = FindLayers(graph, targets);
  std::vector<std::vector<std::vector<float>>> parts(layers.size(),
                                                     std::vector<std::vector<float>>(chunks));
  const std::int64_t numbers = NumbersPerLayer(layers.size());
  const auto draw = [&](const Chunk& chunk, std::size_t l, ConstTensorRef input) {
    const QuantTarget& target = targets.tensors[layers[l].target];
    const auto [groups, length] = Extents(layers[l], target);
    const std::int64_t wanted =
        std::max<std::int64_t>(1, numbers / (groups * length * static_cast<std::int64_t>(chunks)));
    const Rng rng(RandomBits(seed ^ 0x6c61796572ULL, chunk.index * layers.size() + l));
    std::vector<float>& out = parts[l][chunk.index];
    if (IsConv(layers[l])) {
      AppendConv(*layers[l].node, input, target.shape, chunk.rows, wanted, rng, out);
    } else {
      AppendRows(input, length, wanted, rng, out);
    }
  };
  const auto visit = [&](const Chunk& chunk, Executor& executor) -> Expected<void> {
    RunRequest request;
    request.watch = [&](ValueId id, ConstTensorRef value) {
      for (std::size_t l = 0; l < layers.size(); ++l) {
        if (layers[l].node->inputs[0] == id) draw(chunk, l, Runner::Rows(chunk, value));
      }
    };
    const ConstTensorRef input = chunk.input;
    executor.Run({&input, 1}, request);
    return {};
  };
  BW_TRY(runner.Feed(data, visit, progress, "layer inputs"));
  std::vector<LayerInputs> inputs(targets.tensors.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const QuantTarget& target = targets.tensors[layers[l].target];
    const auto [groups, length] = Extents(layers[l], target);
    inputs[layers[l].target] = Arrange(std::move(parts[l]), target.axes.channel, groups, length);
  }
  return inputs;
}

}  // namespace bw
