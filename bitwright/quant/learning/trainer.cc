#include "bitwright/quant/learning/trainer.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "bitwright/base/parallel.h"
#include "bitwright/base/rng.h"
#include "bitwright/quant/learning/adam.h"

namespace bw {
namespace {

constexpr std::size_t kDraw = 64;  // coins of one random number

// Streams of random numbers.
enum Stream : std::uint64_t { kOrder = 0x6f72646572, kMix = 0x6d6978, kDrop = 0x64726f70 };

std::size_t Index(std::int64_t i) { return static_cast<std::size_t>(i); }

// The annealing of AdaRound: no regularization in the first fifth, then beta falls from 20 to 2.
constexpr double kWarmUp = 0.2;

float BetaAt(double progress) {
  return static_cast<float>(2 + 18 * (1 - (progress - kWarmUp) / (1 - kWarmUp)));
}

// From 1 to 0, for parameters that must come to rest.
double Falling(double progress) { return 0.5 * (1 + std::cos(std::numbers::pi * progress)); }

bool HasBias(const Graph& graph, const Node& node) {
  if (node.op->name == "MatMul" || node.inputs.size() < 3 || node.inputs[2] == kNoValue)
    return false;
  const std::optional<Tensor>& bias = graph.value(node.inputs[2]).constant;
  return bias && bias->shape().size() == 1;
}

}  // namespace

Expected<std::unique_ptr<Trainer>> Trainer::Create(const RegionData& data,
                                                   const ReconstructOptions& options,
                                                   std::int64_t train_rows, double error_per_row) {
  auto trainer = std::unique_ptr<Trainer>(new Trainer(data, options));
  trainer->train_rows_ = train_rows;
  trainer->error_per_row_ = error_per_row;
  trainer->FindParameters();
  BW_TRY(trainer->MakeTapes());
  trainer->MeasureBiasRates();
  return trainer;
}

void Trainer::FindParameters() {
  for (const Node& node : graph_.nodes) {
    if (node.op->role != OpRole::kCompute || node.op->weight_input < 0) continue;
    const ValueId weight = node.inputs[Index(node.op->weight_input)];
    const Value& value = graph_.value(weight);
    if (!value.quantized || value.quantized->spec.element.values().size() < 2) continue;
    if (std::find(learned_.begin(), learned_.end(), weight) != learned_.end()) continue;
    const auto original = data_.float_weights->find(weight);
    if (original == data_.float_weights->end()) continue;
    learned_.push_back(weight);
    choices_.emplace_back(*original->second, *value.quantized, options_.rates.trust);
  }
  for (const Node& node : graph_.nodes) {
    if (node.op->role != OpRole::kCompute || !HasBias(graph_, node)) continue;
    const Tensor& values = *graph_.value(node.inputs[2]).constant;
    const std::vector<double> zeros(Index(values.size()), 0.0);
    learned_.push_back(node.inputs[2]);
    biases_.push_back({node.inputs[2], node.outputs[0], values, zeros, zeros, 0});
  }
}

Expected<void> Trainer::MakeTapes() {
  const int wanted = options_.threads > 0 ? options_.threads : DefaultThreads();
  for (int worker = 0; worker < std::min(wanted, options_.batch_chunks); ++worker) {
    BW_ASSIGN(Tape tape, Tape::Create(graph_, data_.input_shape, learned_));
    tapes_.push_back(std::move(tape));
    inputs_.emplace_back(DType::kFloat32, data_.input_shape);
    output_gradients_.emplace_back();
    bound_.push_back(-1);
  }
  for (const ActivationRounder& rounder : tapes_[0].rounders()) {
    scales_.push_back(
        {.start = static_cast<double>(rounder.scale()), .learned = rounder.scale_can_move()});
  }
  parts_.resize(Index(options_.batch_chunks));
  for (Part& part : parts_) {
    for (const ValueId id : learned_)
      part.gradients.emplace_back(DType::kFloat32, graph_.value(id).constant->shape());
    part.scales.resize(scales_.size());
  }
  return {};
}

// A bias moves in units of what its layer gives.
void Trainer::MeasureBiasRates() {
  OrderRows(0);
  Gather(0, 0, inputs_[0]);
  Bind(0);
  bound_[0] = -1;
  tapes_[0].Forward(inputs_[0], std::nullopt);
  for (Bias& bias : biases_) {
    const auto values = tapes_[0].ValueOf(bias.layer_output).span<float>();
    double square = 0;
    for (const float x : values) square += static_cast<double>(x) * static_cast<double>(x);
    bias.rate = std::sqrt(square / static_cast<double>(values.size())) *
                static_cast<double>(options_.rates.bias);
  }
}

void Trainer::OrderRows(std::size_t step) {
  const std::size_t batch = Index(options_.batch_chunks * data_.input_shape[0]);
  const std::size_t per_epoch = std::max<std::size_t>(1, Index(train_rows_) / batch);
  if (step / per_epoch == epoch_) return;
  epoch_ = step / per_epoch;
  order_.resize(Index(train_rows_));
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  Rng(RandomBits(options_.seed ^ kOrder, epoch_)).Shuffle(order_);
}

std::size_t Trainer::RowOf(std::size_t step, std::size_t chunk, std::size_t row) const {
  const std::size_t rows = Index(data_.input_shape[0]);
  const std::size_t batch = Index(options_.batch_chunks) * rows;
  const std::size_t per_epoch = std::max<std::size_t>(1, order_.size() / batch);
  return order_[(step % per_epoch * batch + chunk * rows + row) % order_.size()];
}

// Each element from behind the rounded network or from behind the float one, by a coin.
void Trainer::Gather(std::size_t step, std::size_t chunk, Tensor& input) const {
  const std::span<float> to = input.span<float>();
  const auto rounded = data_.rounded_input->span<float>(), exact = data_.float_input->span<float>();
  const std::size_t rows = Index(data_.input_shape[0]), row_size = to.size() / rows;
  const std::uint64_t seed = RandomBits(options_.seed ^ kMix, step * parts_.size() + chunk);
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t from = RowOf(step, chunk, r) * row_size;
    for (std::size_t first = 0; first < row_size; first += kDraw) {
      const std::uint64_t coins = RandomBits(seed, r * row_size + first);
      const std::size_t count = std::min(kDraw, row_size - first);
      for (std::size_t j = 0; j < count; ++j) {
        const std::size_t i = first + j;
        to[r * row_size + i] = (coins >> j & 1) != 0 ? rounded[from + i] : exact[from + i];
      }
    }
  }
}

void Trainer::Bind(std::size_t worker) {
  Tape& tape = tapes_[worker];
  for (std::size_t i = 0; i < choices_.size(); ++i) tape.SetConstant(i, choices_[i].soft());
  for (std::size_t i = 0; i < biases_.size(); ++i)
    tape.SetConstant(choices_.size() + i, biases_[i].values);
  for (std::size_t i = 0; i < scales_.size(); ++i) {
    tape.rounders()[i].set_scale(static_cast<float>(scales_[i].start * std::exp(scales_[i].moved)));
  }
}

void Trainer::RunChunk(std::size_t step, std::size_t chunk, std::size_t worker) {
  if (bound_[worker] != static_cast<int>(step)) Bind(worker);
  bound_[worker] = static_cast<int>(step);
  Gather(step, chunk, inputs_[worker]);
  const std::uint64_t drop = RandomBits(options_.seed ^ kDrop, step * parts_.size() + chunk);
  const ConstTensorRef output = tapes_[worker].Forward(inputs_[worker], drop);
  Tensor& gradient = output_gradients_[worker];
  if (gradient.shape() != output.shape) gradient = Tensor(DType::kFloat32, output.shape);
  const auto y = output.span<float>(), wanted = data_.float_output->span<float>();
  const auto to = gradient.span<float>();
  const std::size_t rows = Index(data_.input_shape[0]), row_size = y.size() / rows;
  const double all_rows = static_cast<double>(rows * parts_.size());
  const auto factor = static_cast<float>(2 / (error_per_row_ * all_rows));
  double sum = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const float* target = wanted.data() + RowOf(step, chunk, r) * row_size;
    for (std::size_t i = 0; i < row_size; ++i) {
      const float difference = y[r * row_size + i] - target[i];
      sum += static_cast<double>(difference * difference);
      to[r * row_size + i] = factor * difference;
    }
  }
  Part& part = parts_[chunk];
  part.loss = sum / (error_per_row_ * all_rows);
  const std::vector<TensorRef> constants(part.gradients.begin(), part.gradients.end());
  tapes_[worker].Backward(gradient, constants, part.scales);
}

// In the order of the chunks, into the first.
void Trainer::AddParts() {
  Part& total = parts_[0];
  for (std::size_t p = 1; p < parts_.size(); ++p) {
    total.loss += parts_[p].loss;
    for (std::size_t i = 0; i < total.scales.size(); ++i) total.scales[i] += parts_[p].scales[i];
  }
  ParallelFor(learned_.size(), options_.threads, [&](std::size_t l, int) {
    const std::span<float> to = total.gradients[l].span<float>();
    for (std::size_t p = 1; p < parts_.size(); ++p) {
      const std::span<const float> from = std::as_const(parts_[p].gradients[l]).span<float>();
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    }
  });
}

void Trainer::Update(int number) {
  const double progress = static_cast<double>(number) / options_.steps;
  const LearningRates& rates = options_.rates;
  const ChoiceStep step{number + 1, rates.choice,
                        rates.weight_scale * static_cast<float>(Falling(progress)),
                        progress < kWarmUp ? 0 : rates.regularization, BetaAt(progress)};
  ParallelFor(choices_.size(), options_.threads, [&](std::size_t i, int) {
    choices_[i].Step(std::as_const(parts_[0].gradients[i]).span<float>(), step);
    choices_[i].Soften();
  });
  for (std::size_t i = 0; i < biases_.size(); ++i) {
    Bias& bias = biases_[i];
    const Tensor& gradient = parts_[0].gradients[choices_.size() + i];
    for (std::size_t c = 0; c < bias.mean.size(); ++c) {
      const auto slope = static_cast<double>(gradient.span<float>()[c]);
      const double move = AdamMove(slope, number + 1, bias.mean[c], bias.square[c]);
      bias.values.span<float>()[c] -= static_cast<float>(bias.rate * Falling(progress) * move);
    }
  }
  for (std::size_t i = 0; i < scales_.size(); ++i) {
    Scale& scale = scales_[i];
    if (!scale.learned) continue;
    const double move = AdamMove(parts_[0].scales[i], number + 1, scale.mean, scale.square);
    scale.moved -= static_cast<double>(rates.activation_scale) * Falling(progress) * move;
  }
}

double Trainer::Step(int number) {
  const std::size_t step = Index(number);
  OrderRows(step);
  ParallelFor(parts_.size(), static_cast<int>(tapes_.size()),
              [&](std::size_t chunk, int worker) { RunChunk(step, chunk, Index(worker)); });
  AddParts();
  Update(number);
  return parts_[0].loss;
}

Graph Trainer::Result() const {
  Graph graph = graph_;
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    Value& value = graph.value(learned_[i]);
    value.quantized = choices_[i].Harden();
    value.constant = Dequantize(*value.quantized);
  }
  for (const Bias& bias : biases_) graph.value(bias.id).constant = bias.values;
  std::size_t next = 0;
  for (Node& node : graph.nodes) {
    if (node.op->role != OpRole::kQuantize) continue;
    const Scale& scale = scales_[next++];
    if (scale.learned)
      node.attributes.Set("scale", static_cast<float>(scale.start * std::exp(scale.moved)));
  }
  return graph;
}

}  // namespace bw
