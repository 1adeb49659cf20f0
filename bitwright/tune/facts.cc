#include "bitwright/tune/facts.h"

#include <cmath>

#include "bitwright/base/rng.h"

namespace bw {
namespace {

constexpr std::size_t kProbes = 3;
constexpr double kStep = 0.01;  // of the root mean square

using Gram = std::vector<double>;  // rows x rows, centred, of norm 1 (or 0)

void Center(Gram& gram, std::size_t rows) {
  std::vector<double> means(rows, 0.0);
  double mean = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < rows; ++j) means[i] += gram[i * rows + j];
    means[i] /= static_cast<double>(rows);
    mean += means[i] / static_cast<double>(rows);
  }
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < rows; ++j) gram[i * rows + j] += mean - means[i] - means[j];
  }
}

Gram CentredGram(std::span<const float> features, std::size_t rows) {
  const std::size_t width = features.size() / rows;
  Gram gram(rows * rows);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < width; ++k)
        sum += static_cast<double>(features[i * width + k]) * features[j * width + k];
      gram[i * rows + j] = gram[j * rows + i] = sum;
    }
  }
  double trace = 0, norm = 0;
  for (std::size_t i = 0; i < rows; ++i) trace += gram[i * rows + i];
  Center(gram, rows);
  for (const double x : gram) norm += x * x;
  norm = std::sqrt(norm);
  // Of constant features only rounding errors are left.
  if (norm <= 1e-9 * trace) return Gram(rows * rows, 0.0);
  for (double& x : gram) x /= norm;
  return gram;
}

double Dot(const Gram& a, const Gram& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double RootMeanSquare(std::span<const float> values) {
  double sum = 0;
  for (const float x : values) sum += static_cast<double>(x) * x;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

// The weight with `step` added or taken away at random.
Tensor Perturbed(const Tensor& weight, double step, Rng rng) {
  Tensor result = weight;
  for (float& x : result.span<float>())
    x += static_cast<float>((rng.Bits() & 1) != 0 ? step : -step);
  return result;
}

}  // namespace

Expected<std::vector<double>> HessianTraces(const Graph& graph, const std::vector<ValueId>& weights,
                                            Evaluator& evaluator, std::size_t samples,
                                            std::uint64_t seed) {
  std::vector<Tensor> tensors;
  std::vector<double> steps;
  tensors.reserve(weights.size() * kProbes * 2);
  std::vector<Rounding> roundings;
  for (std::size_t w = 0; w < weights.size(); ++w) {
    const Tensor& weight = *graph.value(weights[w]).constant;
    steps.push_back(std::max(kStep * RootMeanSquare(weight.span<float>()), 1e-12));
    for (std::size_t probe = 0; probe < kProbes; ++probe) {
      for (const double sign : {1.0, -1.0}) {
        const Rng rng(RandomBits(seed, w * kProbes + probe));
        tensors.push_back(Perturbed(weight, sign * steps.back(), rng));
        roundings.emplace_back();
        roundings.back().constants[weights[w]] = &tensors.back();
      }
    }
  }
  BW_ASSIGN(const std::vector<double> losses, evaluator.Sensitivities(roundings, samples));
  std::vector<double> traces;
  for (std::size_t w = 0; w < weights.size(); ++w) {
    double sum = 0;
    for (std::size_t i = 0; i < 2 * kProbes; ++i) sum += losses[w * 2 * kProbes + i];
    const auto elements =
        static_cast<double>(graph.value(weights[w]).constant->span<float>().size());
    traces.push_back(2 * sum / (2 * kProbes) / (steps[w] * steps[w]) / elements);
  }
  return traces;
}

Expected<std::vector<double>> Likeness(const Graph& graph, const std::vector<ValueId>& values,
                                       const Dataset& data, int threads) {
  BW_ASSIGN(Runner runner, Runner::Create(graph, data, {threads, Backend::kFast, true}));
  const Dataset batch = data.First(runner.chunk_samples());
  std::vector<Gram> grams(values.size());
  const auto visit = [&](const Chunk& chunk, Executor& executor) -> Expected<void> {
    for (std::size_t v = 0; v < values.size(); ++v) {
      const ConstTensorRef features = Runner::Rows(chunk, executor.ValueOf(values[v]));
      grams[v] = CentredGram(features.span<float>(), static_cast<std::size_t>(chunk.rows));
    }
    return {};
  };
  BW_TRY(runner.ForEachChunk(batch, visit));
  std::vector<double> likeness(values.size(), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = 0; j < values.size(); ++j) {
      if (i != j) likeness[i] += Dot(grams[i], grams[j]);
    }
  }
  return likeness;
}

double LinearCka(std::span<const float> x, std::span<const float> y, std::size_t rows) {
  return Dot(CentredGram(x, rows), CentredGram(y, rows));
}

}  // namespace bw
