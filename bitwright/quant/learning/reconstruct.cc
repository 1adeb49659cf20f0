#include "bitwright/quant/learning/reconstruct.h"

#include "bitwright/quant/learning/trainer.h"

namespace bw {
namespace {

// Rows that are only measured on come last; below this many all rows are both.
constexpr std::int64_t kFewRows = 64;

std::int64_t TrainRows(std::int64_t rows, std::int64_t chunk) {
  return rows < kFewRows ? rows : rows - rows / 8 / chunk * chunk;
}

// The sum of squared differences of a row, on the mean.
double ErrorPerRow(const Tensor& values, const Tensor& reference) {
  double error = 0;
  const auto y = values.span<float>(), t = reference.span<float>();
  for (std::size_t i = 0; i < t.size(); ++i) {
    const double difference = static_cast<double>(y[i]) - static_cast<double>(t[i]);
    error += difference * difference;
  }
  return error / static_cast<double>(reference.shape()[0]);
}

}  // namespace

Expected<Reconstructed> Reconstruct(const RegionData& data, const ReconstructOptions& options) {
  const std::int64_t rows = data.float_input->shape()[0], chunk = data.input_shape[0];
  const std::int64_t train = TrainRows(rows, chunk), tested = train < rows ? train : 0;
  const auto run = [&](const Graph& graph) {
    return RunRegion(graph, data.input_shape, *data.rounded_input, options.threads);
  };
  BW_ASSIGN(const Tensor start, run(*data.graph));
  Reconstructed result{*data.graph, RelativeError(start, *data.float_output, tested), 0, {}};
  result.after = result.before;
  const double error_per_row = ErrorPerRow(start, *data.float_output);
  if (error_per_row == 0) return result;
  BW_ASSIGN(const auto trainer, Trainer::Create(data, options, train, error_per_row));
  if (!trainer->has_choices()) return result;
  for (int step = 0; step < options.steps; ++step) {
    result.losses.push_back(static_cast<float>(trainer->Step(step)));
  }
  result.graph = trainer->Result();
  BW_ASSIGN(const Tensor output, run(result.graph));
  result.after = RelativeError(output, *data.float_output, tested);
  return result;
}

}  // namespace bw
