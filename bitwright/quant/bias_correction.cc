#include "bitwright/quant/bias_correction.h"

#include <algorithm>

#include "bitwright/runtime/work.h"

namespace bw {
namespace {

// A layer whose bias can move.
struct Layer {
  ValueId output = kNoValue, bias = kNoValue;
  Tensor corrected;  // the bias
};

using Means = std::vector<double>;  // by output channel

bool IsReadOnce(const Graph& graph, ValueId id) {
  std::ptrdiff_t readers = std::count(graph.outputs.begin(), graph.outputs.end(), id);
  for (const Node& node : graph.nodes)
    readers += std::count(node.inputs.begin(), node.inputs.end(), id);
  return readers == 1;
}

std::string BiasName(const Graph& graph, const Node& node) {
  return graph.value(node.outputs[0]).name + ".bias";
}

// The node's own constant bias, made where it is absent or shared; kNoValue where it cannot be.
ValueId OwnBias(Graph& graph, Node& node) {
  const std::string_view op = node.op->name;
  if (op != "Conv" && op != "ConvTranspose" && op != "Gemm") return kNoValue;
  if (op == "Gemm" && node.attributes.Float("beta", 1) != 1) return kNoValue;
  const auto weight_index = static_cast<std::size_t>(node.op->weight_input);
  const std::optional<Tensor>& weight = graph.value(node.inputs[weight_index]).constant;
  if (!weight) return kNoValue;
  if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) {
    if (op == "ConvTranspose") return kNoValue;
    const int axis = node.op->weight_axes(node, weight->shape()).channel;
    Tensor zeros(DType::kFloat32, {weight->shape()[static_cast<std::size_t>(axis)]});
    std::fill(zeros.span<float>().begin(), zeros.span<float>().end(), 0.0F);
    node.inputs.resize(3, kNoValue);
    return node.inputs[2] = graph.AddConstant(BiasName(graph, node), std::move(zeros));
  }
  const ValueId bias = node.inputs[2];
  if (!graph.value(bias).constant || graph.value(bias).constant->shape().size() != 1) {
    return kNoValue;
  }
  if (IsReadOnce(graph, bias)) return bias;
  return node.inputs[2] = graph.AddConstant(BiasName(graph, node), *graph.value(bias).constant);
}

// In execution order.
std::vector<Layer> FindLayers(Graph& graph) {
  std::vector<Layer> layers;
  for (const LayerBias& layer : OwnBiases(graph))
    layers.push_back({layer.output, layer.bias, *graph.value(layer.bias).constant});
  return layers;
}

// The sums over rows and positions of values [rows, channels, ...]; behind them how many values
// each is of.
Means Sums(ConstTensorRef values, std::size_t channels) {
  Means sums(channels, 0.0);
  const auto rows = static_cast<std::size_t>(values.shape[0]);
  const std::size_t positions = static_cast<std::size_t>(values.size()) / (rows * channels);
  const std::span<const float> data = values.span<float>();
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < channels; ++c) {
      const auto begin = data.begin() + static_cast<std::ptrdiff_t>((r * channels + c) * positions);
      for (auto x = begin; x != begin + static_cast<std::ptrdiff_t>(positions); ++x)
        sums[c] += static_cast<double>(*x);
    }
  }
  sums.push_back(static_cast<double>(rows * positions));
  return sums;
}

// Mean outputs of some layers over the data, and the number of values that each mean is of.
class MeanSweep {
 public:
  MeanSweep(Runner& runner, const Dataset& data) : runner_(runner), data_(data) {}

  Expected<std::vector<Means>> Run(std::span<const Layer> layers) {
    std::vector<std::vector<Means>> parts(runner_.ChunkCount(data_));
    RunRequest request;
    for (const Layer& layer : layers) request.wanted.push_back(layer.output);
    const auto visit = [&](const Chunk& chunk, Executor& executor) -> Expected<void> {
      std::vector<Means>& part = parts[chunk.index];
      part.resize(layers.size());
      RunRequest own = request;
      own.watch = [&](ValueId id, ConstTensorRef value) {
        const auto layer = std::find(request.wanted.begin(), request.wanted.end(), id);
        if (layer == request.wanted.end()) return;
        const auto l = static_cast<std::size_t>(layer - request.wanted.begin());
        part[l] = Sums(Runner::Rows(chunk, value), layers[l].corrected.span<float>().size());
      };
      const ConstTensorRef input = chunk.input;
      executor.Run({&input, 1}, own);
      return {};
    };
    BW_TRY(runner_.Feed(data_, visit));
    return Merge(parts, layers.size());
  }

 private:
  static std::vector<Means> Merge(const std::vector<std::vector<Means>>& parts,
                                  std::size_t layers) {
    std::vector<Means> means(layers);
    for (std::size_t l = 0; l < layers; ++l) {
      Means& total = means[l];
      for (const auto& part : parts) {
        total.resize(part[l].size(), 0.0);
        for (std::size_t c = 0; c < total.size(); ++c) total[c] += part[l][c];
      }
      const double count = total.back();
      total.pop_back();
      for (double& sum : total) sum /= count;
    }
    return means;
  }

  Runner& runner_;
  const Dataset& data_;
};

Expected<Dataset> AffordableSamples(const Graph& graph, const Dataset& data, std::size_t layers,
                                    double macs) {
  BW_ASSIGN(const std::int64_t once, CountMacs(graph, data.rows_per_sample()));
  const double per_sample = static_cast<double>(std::max<std::int64_t>(1, once)) *
                            static_cast<double>(std::max<std::size_t>(1, layers));
  return data.First(static_cast<std::size_t>(std::clamp(macs / per_sample, 32.0, 512.0)));
}

}  // namespace

std::vector<LayerBias> OwnBiases(Graph& graph) {
  std::vector<LayerBias> layers;
  for (Node& node : graph.nodes) {
    const ValueId bias = OwnBias(graph, node);
    if (bias != kNoValue) layers.push_back({node.outputs[0], bias});
  }
  return layers;
}

Expected<LayerBiases> CorrectBiases(const Graph& quantized, const Graph& original,
                                    const Dataset& data, int threads, double macs,
                                    const Progress& progress, const LayerBiases& settled) {
  Graph graph = quantized;
  std::vector<Layer> layers = FindLayers(graph);
  LayerBiases biases = settled;
  if (layers.empty()) return biases;
  const auto stays = [&](const Layer& layer) {
    return settled.contains(graph.value(layer.output).name);
  };
  const auto last = layers.end() - 1;
  layers.erase(std::remove_if(layers.begin(), last, stays), last);
  BW_ASSIGN(const Dataset samples, AffordableSamples(original, data, layers.size(), macs));
  const RunnerOptions options{threads, Backend::kFast, false};
  BW_ASSIGN(Runner float_runner, Runner::Create(original, samples, options));
  BW_ASSIGN(const std::vector<Means> wanted, MeanSweep(float_runner, samples).Run(layers));
  BW_ASSIGN(Runner runner, Runner::Create(graph, samples, options));
  for (std::size_t l = 0; l < layers.size(); ++l) {
    Layer& layer = layers[l];
    BW_ASSIGN(const std::vector<Means> now, MeanSweep(runner, samples).Run({&layer, 1}));
    for (std::size_t c = 0; c < wanted[l].size(); ++c) {
      float& bias = layer.corrected.span<float>()[c];
      bias = static_cast<float>(static_cast<double>(bias) + wanted[l][c] - now[0][c]);
    }
    runner.ForEachExecutor(
        [&](Executor& executor) { executor.SetConstant(layer.bias, &layer.corrected); });
    if (progress) {
      progress("correcting biases",
               static_cast<double>(l + 1) / static_cast<double>(layers.size()));
    }
  }
  for (const Layer& layer : layers) {
    const std::span<const float> values = layer.corrected.span<float>();
    biases[graph.value(layer.output).name] = {values.begin(), values.end()};
  }
  return biases;
}

Expected<void> SetBiases(Graph& graph, const LayerBiases& biases) {
  std::size_t found = 0;
  for (Node& node : graph.nodes) {
    if (node.outputs.empty() || node.outputs[0] == kNoValue) continue;
    const auto entry = biases.find(graph.value(node.outputs[0]).name);
    if (entry == biases.end()) continue;
    const ValueId bias = OwnBias(graph, node);
    if (bias == kNoValue) break;
    Tensor& constant = *graph.value(bias).constant;
    if (static_cast<std::size_t>(constant.size()) != entry->second.size()) {
      return Fail("biases: '{}' has {} numbers, its layer has {} channels", entry->first,
                  entry->second.size(), constant.size());
    }
    std::copy(entry->second.begin(), entry->second.end(), constant.span<float>().begin());
    ++found;
  }
  if (found == biases.size()) return {};
  return Fail(
      "biases: {} of {} names are outputs of layers with a bias of their own; leave the "
      "others out",
      found, biases.size());
}

}  // namespace bw
