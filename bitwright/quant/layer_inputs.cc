#include "bitwright/quant/layer_inputs.h"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include "bitwright/base/memory.h"
#include "bitwright/base/rng.h"
#include "bitwright/graph/window.h"

namespace bw {
namespace {

// Of one layer's inputs. Where memory is short, all layers share an eighth of what is free: fits
// hold copies of them, and networks run beside them.
std::int64_t NumbersPerLayer(std::size_t layers) {
  constexpr std::int64_t kMost = 4'000'000;
  const std::size_t share = FreeMemory() / 8 / sizeof(float) / std::max<std::size_t>(layers, 1);
  return std::min(kMost, static_cast<std::int64_t>(share));
}

bool IsTransposed(const Node& node) { return node.op->name == "ConvTranspose"; }
bool HasWindows(const Node& node) { return node.op->name == "Conv" || IsTransposed(node); }

// One place of the output and the windows that lead from it to the input.
struct Place {
  bool transposed = false;
  std::array<ops::Window, 3> windows;
  std::array<std::int64_t, 3> position{};

  // The input on this axis that tap `k` meets; negative: none.
  std::int64_t Source(std::size_t axis, std::int64_t k) const {
    const ops::Window& window = windows[axis];
    std::int64_t at = position[axis] * window.stride + k * window.dilation - window.pad_begin;
    if (transposed) {
      at = position[axis] + window.pad_begin - k * window.dilation;
      if (at < 0 || at % window.stride != 0) return -1;
      at /= window.stride;
    }
    return at < window.in ? at : -1;
  }
};

// One patch: the input elements that the place multiplies with the weights of one group.
void DrawPatch(ConstTensorRef input, std::int64_t sample, std::int64_t first_channel,
               std::int64_t channels, const Place& place, std::span<float> vector) {
  const std::span<const float> data = input.span<float>();
  const auto& [d, h, w] = place.windows;
  const std::int64_t plane = d.in * h.in * w.in;
  auto to = vector.begin();
  for (std::int64_t c = first_channel; c < first_channel + channels; ++c) {
    const std::int64_t base = (sample * input.shape[1] + c) * plane;
    for (std::int64_t tap = 0; tap < d.kernel * h.kernel * w.kernel; ++tap) {
      const std::int64_t z = place.Source(0, tap / (h.kernel * w.kernel));
      const std::int64_t y = place.Source(1, tap / w.kernel % h.kernel);
      const std::int64_t x = place.Source(2, tap % w.kernel);
      const bool inside = z >= 0 && y >= 0 && x >= 0;
      *to++ = inside ? data[static_cast<std::size_t>(base + (z * h.in + y) * w.in + x)] : 0.0F;
    }
  }
}

// The inputs of one layer, drawn chunk by chunk from any thread: every chunk has its own place.
class LayerDraw {
 public:
  LayerDraw(const Node& node, const QuantTarget& target, std::int64_t numbers, std::int64_t chunks)
      : node_(node), weight_(target.shape), chunks_(chunks) {
    inputs_.channel_axis = target.axes.channel;
    inputs_.groups = HasWindows(node) ? node.attributes.Int("group", 1) : 1;
    const std::int64_t rows = target.shape[static_cast<std::size_t>(inputs_.channel_axis)];
    inputs_.length = target.elements / rows / (IsTransposed(node) ? inputs_.groups : 1);
    wanted_ = std::max<std::int64_t>(1, numbers / (inputs_.groups * inputs_.length * chunks));
  }

  // `value` is the layer's input for the whole chunk, the filling of the last one included;
  // `last_rows` the rows of the last chunk without it.
  void Draw(const Chunk& chunk, ConstTensorRef value, std::int64_t last_rows, Rng rng) {
    std::call_once(placed_, [&] { MakeRoom(chunk, value, last_rows); });
    const ConstTensorRef input = Runner::Rows(chunk, value);
    const std::int64_t first = static_cast<std::int64_t>(chunk.index) * per_chunk_;
    if (HasWindows(node_))
      DrawPatches(input, chunk.rows, first, rng);
    else
      DrawRows(input, first, rng);
  }

  LayerInputs Take() { return std::move(inputs_); }

 private:
  void MakeRoom(const Chunk& chunk, ConstTensorRef value, std::int64_t last_rows) {
    const auto count = [&](std::int64_t numbers) {
      return HasWindows(node_) ? wanted_ : std::min(wanted_, numbers / inputs_.length);
    };
    const bool by_row = !value.shape.empty() && value.shape[0] == chunk.input.shape()[0];
    per_chunk_ = count(value.size());
    const std::int64_t last =
        count(by_row ? value.size() / value.shape[0] * last_rows : value.size());
    inputs_.count = per_chunk_ * (chunks_ - 1) + last;
    inputs_.rows.resize(static_cast<std::size_t>(inputs_.groups * inputs_.count * inputs_.length));
  }

  std::span<float> Vector(std::int64_t group, std::int64_t i) {
    return std::span(inputs_.rows)
        .subspan(static_cast<std::size_t>((group * inputs_.count + i) * inputs_.length),
                 static_cast<std::size_t>(inputs_.length));
  }

  Place PlaceOf(ConstTensorRef input) const {
    const std::vector<std::int64_t> spatial(input.shape.begin() + 2, input.shape.end());
    const std::vector<std::int64_t> kernel(weight_.begin() + 2, weight_.end());
    const Expected<std::vector<ops::Window>> found =
        IsTransposed(node_)
            ? ops::MakeTransposedWindows(node_.attributes, spatial, kernel)
            : ops::MakeWindows(node_.attributes, spatial, kernel, ops::Rounding::kFloor);
    BW_CHECK(found.has_value());
    return {IsTransposed(node_), ops::ThreeAxes(*found)};
  }

  void DrawPatches(ConstTensorRef input, std::int64_t rows, std::int64_t first, Rng& rng) {
    Place place = PlaceOf(input);
    const std::int64_t channels = input.shape[1] / inputs_.groups;
    for (std::int64_t i = 0; i < wanted_; ++i) {
      const auto sample = static_cast<std::int64_t>(rng.Below(static_cast<std::uint64_t>(rows)));
      for (std::size_t axis = 0; axis < 3; ++axis) {
        place.position[axis] = static_cast<std::int64_t>(
            rng.Below(static_cast<std::uint64_t>(place.windows[axis].out)));
      }
      for (std::int64_t g = 0; g < inputs_.groups; ++g)
        DrawPatch(input, sample, g * channels, channels, place, Vector(g, first + i));
    }
  }

  void DrawRows(ConstTensorRef input, std::int64_t first, Rng& rng) {
    const std::span<const float> data = input.span<float>();
    const std::int64_t rows = input.size() / inputs_.length;
    for (std::int64_t i = 0; i < std::min(wanted_, rows); ++i) {
      const auto row = wanted_ >= rows
                           ? i
                           : static_cast<std::int64_t>(rng.Below(static_cast<std::uint64_t>(rows)));
      const auto part = data.subspan(static_cast<std::size_t>(row * inputs_.length),
                                     static_cast<std::size_t>(inputs_.length));
      std::copy(part.begin(), part.end(), Vector(0, first + i).begin());
    }
  }

  const Node& node_;
  Shape weight_;
  std::int64_t chunks_ = 1, wanted_ = 1;
  std::once_flag placed_;
  std::int64_t per_chunk_ = 0;
  LayerInputs inputs_;
};

}  // namespace

Expected<LayerInputDrawer> LayerInputDrawer::Create(const Graph& graph, const QuantTargets& targets,
                                                    const Dataset& data, std::uint64_t seed,
                                                    int threads) {
  BW_ASSIGN(Runner runner, Runner::Create(graph, data, {threads, Backend::kFast, false}));
  LayerInputDrawer drawer(targets, data, seed, std::move(runner));
  drawer.FindLayers(graph);
  drawer.numbers_ = NumbersPerLayer(drawer.layers_.size());
  return drawer;
}

Expected<LayerInputDrawer> LayerInputDrawer::Partner(const Graph& graph, const Dataset& data,
                                                     int threads) const {
  BW_CHECK(data.size() == data_->size());
  BW_ASSIGN(Runner runner,
            Runner::Create(graph, data, {threads, Backend::kFast, false, runner_.chunk_samples()}));
  LayerInputDrawer drawer(*targets_, data, seed_, std::move(runner));
  drawer.FindLayers(graph);
  drawer.numbers_ = numbers_;
  return drawer;
}

void LayerInputDrawer::FindLayers(const Graph& graph) {
  for (std::size_t t = 0; t < targets_->tensors.size(); ++t) {
    const QuantTarget& target = targets_->tensors[t];
    if (target.kind != TargetKind::kWeight) continue;
    for (const Node& node : graph.nodes) {
      if (node.op->role != OpRole::kCompute) continue;
      if (node.inputs[static_cast<std::size_t>(node.op->weight_input)] != target.value) continue;
      const bool matrix = target.shape.size() == 2 && node.attributes.Int("transA", 0) == 0;
      if (HasWindows(node) || matrix) layers_.push_back({t, &node});
      break;
    }
  }
}

std::vector<std::size_t> LayerInputDrawer::Drawable() const {
  std::vector<std::size_t> targets;
  for (const Layer& layer : layers_) targets.push_back(layer.target);
  return targets;
}

Expected<std::vector<LayerInputs>> LayerInputDrawer::Draw(std::span<const std::size_t> targets,
                                                          const Progress& progress) {
  const std::size_t chunks = runner_.ChunkCount(*data_);
  std::vector<std::unique_ptr<LayerDraw>> draws(layers_.size());  // null: not asked for
  RunRequest wanted;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const auto& [target, node] = layers_[l];
    if (std::find(targets.begin(), targets.end(), target) == targets.end()) continue;
    draws[l] = std::make_unique<LayerDraw>(*node, targets_->tensors[target], numbers_,
                                           static_cast<std::int64_t>(chunks));
    wanted.wanted.push_back(node->inputs[0]);
  }
  const std::int64_t last_rows =
      static_cast<std::int64_t>(data_->size() - (chunks - 1) * runner_.chunk_samples()) *
      data_->rows_per_sample();
  const auto visit = [&](const Chunk& chunk, Executor& executor) -> Expected<void> {
    RunRequest request = wanted;
    request.watch = [&](ValueId id, ConstTensorRef value) {
      for (std::size_t l = 0; l < layers_.size(); ++l) {
        if (draws[l] == nullptr || layers_[l].node->inputs[0] != id) continue;
        const Rng rng(RandomBits(seed_ ^ 0x6c61796572ULL, chunk.index * layers_.size() + l));
        draws[l]->Draw(chunk, value, last_rows, rng);
      }
    };
    const ConstTensorRef input = chunk.input;
    executor.Run({&input, 1}, request);
    return {};
  };
  BW_TRY(runner_.Feed(*data_, visit, progress, "layer inputs"));
  std::vector<LayerInputs> inputs;
  for (const std::size_t target : targets) {
    const auto layer = std::find_if(layers_.begin(), layers_.end(),
                                    [&](const Layer& known) { return known.target == target; });
    BW_CHECK(layer != layers_.end());
    inputs.push_back(draws[static_cast<std::size_t>(layer - layers_.begin())]->Take());
  }
  return inputs;
}

Expected<std::vector<LayerInputs>> CollectLayerInputs(const Graph& graph,
                                                      const QuantTargets& targets,
                                                      const Dataset& data, std::uint64_t seed,
                                                      int threads, const Progress& progress) {
  BW_ASSIGN(LayerInputDrawer drawer, LayerInputDrawer::Create(graph, targets, data, seed, threads));
  const std::vector<std::size_t> drawable = drawer.Drawable();
  BW_ASSIGN(std::vector<LayerInputs> drawn, drawer.Draw(drawable, progress));
  std::vector<LayerInputs> inputs(targets.tensors.size());
  for (std::size_t l = 0; l < drawable.size(); ++l) inputs[drawable[l]] = std::move(drawn[l]);
  return inputs;
}

}  // namespace bw
