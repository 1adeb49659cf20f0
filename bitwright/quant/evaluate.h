#pragma once
// Accuracy of a network, or of a network with some tensors rounded, over a data set.

#include <string>
#include <vector>

#include "bitwright/data/metric.h"
#include "bitwright/quant/activation_cache.h"
#include "bitwright/quant/choice_loss.h"
#include "bitwright/quant/runner.h"

namespace bw {

struct Evaluation {
  double value = 0;        // the metric, in its natural unit
  std::size_t images = 0;  // samples
  double divergence = 0;   // mean Divergence from the float outputs; 0 for the float network itself
  // Classifiers: what a sample's score is expected to lose (choice_loss.h), mean and variance; else
  // 0.
  double expected_drop = 0, expected_variance = 0;
  std::vector<double> scores;  // Metric::columns numbers for each sample
  // Of each sample: the square root of its Divergence, of classifiers at temperature 4.
  std::vector<double> distances;
};

// What a change of a network does on the samples that both results are of: the mean of the
// distances' differences, and its standard error. Where a network is sure of nearly all samples, as
// of those that it was trained on, a few whose class changes make up most of a mean divergence;
// distances have light tails, since at the higher temperature every sample counts.
struct Shift {
  double mean = 0, error = 0;
};
Shift ShiftOf(const Evaluation& before, const Evaluation& after);

// How far an output is from the float network's, summed over rows; the search's loss. Classifiers
// (outputs [rows, n] under a classification metric): Kullback-Leibler divergence of the class
// probabilities, softmax applied unless the rows are probabilities already. Others: squared error
// over the mean square of the reference.
double Divergence(ConstTensorRef reference, ConstTensorRef output, bool classifier);

// The metric's name for this network and data: the user's if given, else top1 with labels,
// agreement without.
Expected<const Metric*> ChooseMetric(const std::string& name, const Dataset& data);

// Holds the runner, and the float outputs that metrics and divergence compare with.
class Evaluator {
 public:
  // Runs the float network once over the data. `graph` and `metric` must outlive the evaluator.
  static Expected<Evaluator> Create(const Graph& graph, Dataset data, const Metric& metric,
                                    RunnerOptions options, const Progress& progress = {});

  const Evaluation& float_result() const { return float_result_; }
  const Dataset& data() const { return data_; }
  const Metric& metric() const { return *metric_; }

  // From now on Run keeps activations, those at the layers' boundaries, within so many bytes, and
  // computes only what follows from tensors whose rounding is new; 0: keeps nothing. Results are
  // the same bits.
  void ReuseActivations(std::size_t bytes);

  // The network with this rounding.
  Expected<Evaluation> Run(const Rounding& rounding, const Progress& progress = {},
                           std::string_view what = {});

  // Another graph of the same inputs and outputs (the quantized network itself), against the same
  // float outputs.
  Expected<Evaluation> RunGraph(const Graph& graph, RunnerOptions options,
                                const Progress& progress = {});

  // The divergence of each of these roundings alone, by one sweep over the first `samples` samples
  // in which all share the float run: each computes only what follows from its tensors. A worker
  // keeps at most `cache_bytes` of activations (0: what FreeMemory has room for).
  Expected<std::vector<double>> Sensitivities(const std::vector<Rounding>& roundings,
                                              std::size_t samples, const Progress& progress = {},
                                              std::size_t cache_bytes = 0);

 private:
  Evaluator(const Graph& graph, Dataset data, const Metric& metric, Runner runner)
      : graph_(&graph), data_(std::move(data)), metric_(&metric), runner_(std::move(runner)) {}
  struct Sweeping;
  Expected<Evaluation> Sweep(Runner& runner, const Progress& progress, const Sweeping& how);
  Expected<void> Score(const Chunk& chunk, ConstTensorRef output, const Sweeping& how,
                       Evaluation& part, std::vector<double>& shifts);
  void Expect(const std::vector<std::vector<double>>& shifts, Evaluation& result) const;

  const Graph* graph_;
  Dataset data_;
  const Metric* metric_;
  Runner runner_;
  std::vector<Tensor> references_;                 // by chunk
  std::vector<std::vector<ClassChoice>> choices_;  // by chunk, of a classifier's rows
  std::vector<ActivationCache> caches_;            // by chunk; empty: nothing is kept
  std::vector<char> checkpoints_;                  // by value: what is kept
  Evaluation float_result_;
};

}  // namespace bw
