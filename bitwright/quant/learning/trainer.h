#pragma once
// The steps of learning a region: parameters, one tape for each worker, gradients added in the
// order of the chunks.

#include <vector>

#include "bitwright/quant/learning/reconstruct.h"
#include "bitwright/quant/learning/rounding_choice.h"
#include "bitwright/quant/learning/tape.h"

namespace bw {

class Trainer {
 public:
  // Learns from the first `train_rows` rows; `error_per_row` is the loss that counts as 1.
  static Expected<std::unique_ptr<Trainer>> Create(const RegionData& data,
                                                   const ReconstructOptions& options,
                                                   std::int64_t train_rows, double error_per_row);

  bool has_choices() const { return !choices_.empty(); }

  // Step `number` of options.steps, from 0 on; its loss without regularization.
  double Step(int number);

  // The region with what has been learned so far, every choice made.
  Graph Result() const;

 private:
  // A layer's bias.
  struct Bias {
    ValueId id = kNoValue, layer_output = kNoValue;
    Tensor values;
    std::vector<double> mean, square;
    double rate = 0;
  };
  // An activation's scale, by its logarithm.
  struct Scale {
    double start = 1, moved = 0, mean = 0, square = 0;
    bool learned = true;
  };
  // What one chunk of a step gives.
  struct Part {
    std::vector<Tensor> gradients;  // by learned constant
    std::vector<double> scales;     // by rounder
    double loss = 0;
  };

  Trainer(const RegionData& data, const ReconstructOptions& options)
      : data_(data), options_(options), graph_(*data.graph) {}

  void FindParameters();
  Expected<void> MakeTapes();
  void MeasureBiasRates();
  void Bind(std::size_t worker);
  void Gather(std::size_t step, std::size_t chunk, Tensor& input) const;
  void RunChunk(std::size_t step, std::size_t chunk, std::size_t worker);
  void AddParts();
  void Update(int number);
  std::size_t RowOf(std::size_t step, std::size_t chunk, std::size_t row) const;
  void OrderRows(std::size_t step);

  const RegionData& data_;
  const ReconstructOptions& options_;
  Graph graph_;
  std::int64_t train_rows_ = 0;
  double error_per_row_ = 1;
  std::vector<ValueId> learned_;  // weights of choices_, then biases_
  std::vector<RoundingChoice> choices_;
  std::vector<Bias> biases_;
  std::vector<Scale> scales_;
  std::vector<Tape> tapes_;  // by worker
  std::vector<int> bound_;   // by worker: the step whose parameters its tape has
  std::vector<Tensor> inputs_, output_gradients_;  // by worker
  std::vector<Part> parts_;                        // by chunk; part 0 takes the sums
  std::vector<std::size_t> order_;                 // of the rows of this epoch
  std::size_t epoch_ = ~std::size_t{0};
};

}  // namespace bw
