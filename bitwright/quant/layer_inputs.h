#pragma once
// What the layers multiply their weights with: rows drawn from the float network's activations.

#include <cstdint>
#include <span>
#include <vector>

#include "bitwright/quant/runner.h"
#include "bitwright/quant/targets.h"

namespace bw {

// Inputs of one weight: `count` vectors of `length` for each of `groups` independent parts of it,
// [groups][count][length] in `rows`. A vector is what one place of the output multiplies with the
// weight: of a convolution one patch of its group's channels in the order of the weight's row; of a
// ConvTranspose (input channel, tap), 0 where the tap reaches no input.
struct LayerInputs {
  int channel_axis = 0;  // of the weight: its rows are output channels
  std::int64_t groups = 1, length = 0, count = 0;
  std::vector<float> rows;

  bool empty() const { return count == 0; }
};

// Draws the inputs of a network's layers from samples, layer by layer.
class LayerInputDrawer {
 public:
  // `graph`, `targets` and `data` must outlive the drawer.
  static Expected<LayerInputDrawer> Create(const Graph& graph, const QuantTargets& targets,
                                           const Dataset& data, std::uint64_t seed, int threads);

  // One for another network with the same targets that draws the same places of the same samples,
  // or of as many others: vector i of the one belongs to vector i of the other.
  Expected<LayerInputDrawer> Partner(const Graph& graph, const Dataset& data, int threads) const;

  // The targets whose inputs can be drawn, in order.
  std::vector<std::size_t> Drawable() const;

  // The inputs of these of them, by one sweep that computes nothing else. At most about four
  // million numbers a layer, fewer where FreeMemory (base/memory.h) has not eight times that for
  // all, independently of the number of threads.
  Expected<std::vector<LayerInputs>> Draw(std::span<const std::size_t> targets,
                                          const Progress& progress = {});

  Runner& runner() { return runner_; }

 private:
  struct Layer {
    std::size_t target = 0;
    const Node* node = nullptr;  // that multiplies by the weight
  };

  LayerInputDrawer(const QuantTargets& targets, const Dataset& data, std::uint64_t seed,
                   Runner runner)
      : targets_(&targets), data_(&data), seed_(seed), runner_(std::move(runner)) {}
  void FindLayers(const Graph& graph);

  const QuantTargets* targets_;
  const Dataset* data_;
  std::uint64_t seed_;
  std::int64_t numbers_ = 0;  // of one layer, at most
  Runner runner_;
  std::vector<Layer> layers_;
};

// Of every layer of a network by LayerInputDrawer; one entry for each target, empty for those that
// cannot be drawn.
Expected<std::vector<LayerInputs>> CollectLayerInputs(const Graph& graph,
                                                      const QuantTargets& targets,
                                                      const Dataset& data, std::uint64_t seed,
                                                      int threads, const Progress& progress = {});

}  // namespace bw
