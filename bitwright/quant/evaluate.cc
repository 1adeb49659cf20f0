#include "bitwright/quant/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "bitwright/base/memory.h"
#include "bitwright/base/text.h"
#include "bitwright/quant/cached_run.h"
#include "bitwright/quant/class_probabilities.h"
#include "bitwright/runtime/channels_last.h"
#include "bitwright/runtime/lower.h"

namespace bw {
namespace {

Tensor Copy(ConstTensorRef from) {
  Tensor to(from.dtype, from.shape);
  std::memcpy(TensorRef(to).data, from.data, to.bytes());
  return to;
}

// Of the classes at a temperature: probabilities to the power of its inverse, normalized.
double ClassDivergence(ConstTensorRef reference, ConstTensorRef output, double temperature) {
  const auto rows = static_cast<std::size_t>(reference.shape[0]);
  const std::size_t classes = static_cast<std::size_t>(reference.size()) / rows;
  double sum = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto p_row = reference.span<float>().subspan(r * classes, classes);
    const bool distribution = IsDistribution(p_row);
    std::vector<double> p = LogProbabilities(p_row, distribution);
    std::vector<double> q =
        LogProbabilities(output.span<float>().subspan(r * classes, classes), distribution);
    for (std::vector<double>* logs : {&p, &q}) {
      if (temperature == 1) break;
      for (double& x : *logs) x /= temperature;
      Normalize(*logs);
    }
    // With q - p, every term is non-negative and of second order: float32 rows whose sums differ
    // from 1 in the last digit would otherwise drown small divergences.
    for (std::size_t c = 0; c < classes; ++c)
      sum += std::exp(p[c]) * (p[c] - q[c]) - std::exp(p[c]) + std::exp(q[c]);
  }
  return sum;
}

double RelativeError(ConstTensorRef reference, ConstTensorRef output) {
  const std::span<const float> p = reference.span<float>(), q = output.span<float>();
  double error = 0, power = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    error += (static_cast<double>(p[i]) - q[i]) * (static_cast<double>(p[i]) - q[i]);
    power += static_cast<double>(p[i]) * p[i];
  }
  const double rows = reference.shape.empty() ? 1.0 : static_cast<double>(reference.shape[0]);
  return rows * error / std::max(power, 1e-30);
}

bool IsClassifier(const Metric& metric, ConstTensorRef output) {
  return metric.name != "auc" && metric.name != "sqnr" && !output.shape.empty() &&
         output.shape[0] > 0;
}

Expected<void> CheckFinite(ConstTensorRef output, const Chunk& chunk) {
  const std::span<const float> values = output.span<float>();
  const auto finite = [](float x) { return std::isfinite(x); };
  if (std::all_of(values.begin(), values.end(), finite)) return {};
  return Fail(
      "the float network's output is NaN or infinite on samples {} to {}, only finite numbers are "
      "allowed; check the weights and the preprocessing",
      chunk.first_sample, chunk.first_sample + chunk.samples - 1);
}

// `values` holds the same number of elements for each of `count` samples; those of one, as rows.
ConstTensorRef OfSample(ConstTensorRef values, std::size_t sample, std::size_t count) {
  const std::size_t bytes =
      static_cast<std::size_t>(values.size()) / count * DTypeBytes(values.dtype);
  if (!values.shape.empty()) values.shape[0] /= static_cast<std::int64_t>(count);
  values.data = static_cast<const std::byte*>(values.data) + sample * bytes;
  return values;
}

std::vector<double> Distances(ConstTensorRef reference, ConstTensorRef output, std::size_t samples,
                              bool classifier) {
  constexpr double kTemperature = 4;
  std::vector<double> distances;
  for (std::size_t i = 0; i < samples; ++i) {
    const ConstTensorRef p = OfSample(reference, i, samples), q = OfSample(output, i, samples);
    distances.push_back(
        std::sqrt(classifier ? ClassDivergence(p, q, kTemperature) : RelativeError(p, q)));
  }
  return distances;
}

std::vector<std::int64_t> Labels(const Dataset& data, std::size_t first, std::size_t count) {
  std::vector<std::int64_t> labels;
  for (std::size_t i = first; data.has_labels() && i < first + count; ++i)
    labels.push_back(data.label(i));
  return labels;
}

}  // namespace

double Divergence(ConstTensorRef reference, ConstTensorRef output, bool classifier) {
  return classifier ? ClassDivergence(reference, output, 1) : RelativeError(reference, output);
}

Shift ShiftOf(const Evaluation& before, const Evaluation& after) {
  BW_CHECK(before.distances.size() == after.distances.size() && !before.distances.empty());
  const double n = static_cast<double>(before.distances.size());
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < before.distances.size(); ++i) {
    const double difference = after.distances[i] - before.distances[i];
    sum += difference;
    squares += difference * difference;
  }
  const double mean = sum / n;
  return {mean, std::sqrt(std::max(0.0, squares / n - mean * mean) / std::max(1.0, n - 1))};
}

Expected<const Metric*> ChooseMetric(const std::string& name, const Dataset& data) {
  const std::string wanted = !name.empty() ? name : data.has_labels() ? "top1" : "agreement";
  const Metric* metric = FindMetric(wanted);
  if (metric == nullptr) {
    std::vector<std::string> names;
    for (const Metric* known : metrics::All()) names.emplace_back(known->name);
    return FailUsage("--metric: unknown metric '{}'; nearest is '{}' (known: {})", wanted,
                     Nearest(wanted, names), fmt::join(names, ", "));
  }
  if (metric->needs_labels && !data.has_labels()) {
    return FailUsage(
        "--metric {}: needs labels, '{}' has none; give --labels or use 'agreement' or 'sqnr'",
        wanted, data.origin());
  }
  return metric;
}

// What a sweep is about.
struct Evaluator::Sweeping {
  std::string_view what;
  bool first = false;          // the float network, whose outputs are the references
  std::vector<ValueKey> keys;  // empty: everything is computed
};

Expected<Evaluator> Evaluator::Create(const Graph& graph, Dataset data, const Metric& metric,
                                      RunnerOptions options, const Progress& progress) {
  BW_ASSIGN(Runner runner, Runner::Create(graph, data, options));
  Evaluator evaluator(graph, std::move(data), metric, std::move(runner));
  evaluator.references_.resize(evaluator.runner_.ChunkCount(evaluator.data_));
  evaluator.choices_.resize(evaluator.references_.size());
  BW_ASSIGN(evaluator.float_result_,
            evaluator.Sweep(evaluator.runner_, progress, {"float network", true, {}}));
  return evaluator;
}

Expected<void> Evaluator::Score(const Chunk& chunk, ConstTensorRef output, const Sweeping& how,
                                Evaluation& part, std::vector<double>& shifts) {
  if (output.dtype != DType::kFloat32)
    return Fail("the network's output is {}, float32 is needed", DTypeName(output.dtype));
  if (how.first) references_[chunk.index] = Copy(output);
  const ConstTensorRef reference = references_[chunk.index];
  const std::vector<std::int64_t> labels = Labels(data_, chunk.first_sample, chunk.samples);
  const ConstTensorRef input = Runner::Rows(chunk, chunk.input);
  const MetricBatch batch{input, output, reference, labels, data_.rows_per_sample()};
  if (how.first) {
    BW_TRY(CheckFinite(output, chunk));
    BW_TRY(CheckMetric(*metric_, batch, data_.classes(), data_.origin()));
  }
  metric_->score(batch, part.scores);
  const bool classifier = IsClassifier(*metric_, output);
  if (!how.first) part.divergence = Divergence(reference, output, classifier);
  if (!how.first) part.distances = Distances(reference, output, chunk.samples, classifier);
  if (!classifier) return {};
  std::vector<ClassChoice>& choices = choices_[chunk.index];
  if (how.first)
    choices = ClassChoices(reference);
  else
    shifts = MarginShifts(choices, reference, output);
  return {};
}

Expected<Evaluation> Evaluator::Sweep(Runner& runner, const Progress& progress,
                                      const Sweeping& how) {
  std::vector<Evaluation> parts(references_.size());
  std::vector<std::vector<double>> shifts(references_.size());  // of the margins, by chunk
  const auto visit = [&](const Chunk& chunk, Executor& executor) -> Expected<void> {
    std::optional<CachedRun> cached;
    if (!how.keys.empty()) {
      cached.emplace(caches_[chunk.index], how.keys, checkpoints_).Run(chunk.input, executor);
    } else {
      const ConstTensorRef input = chunk.input;
      executor.Run({&input, 1});
    }
    BW_TRY(Score(chunk, Runner::Rows(chunk, executor.Output(0)), how, parts[chunk.index],
                 shifts[chunk.index]));
    if (cached) cached->Keep();
    return {};
  };
  BW_TRY(runner.Feed(data_, visit, progress, how.what));
  Evaluation result;
  result.images = data_.size();
  const double rows =
      static_cast<double>(data_.size()) * static_cast<double>(data_.rows_per_sample());
  for (const Evaluation& part : parts) {
    result.scores.insert(result.scores.end(), part.scores.begin(), part.scores.end());
    result.distances.insert(result.distances.end(), part.distances.begin(), part.distances.end());
    result.divergence += part.divergence / rows;
  }
  result.value = metric_->finish(result.scores, Labels(data_, 0, data_.size()));
  if (!how.first) Expect(shifts, result);
  return result;
}

// Without labels every change of a choice is a loss.
void Evaluator::Expect(const std::vector<std::vector<double>>& shifts, Evaluation& result) const {
  std::vector<ClassChoice> choices;
  std::vector<double> moved;
  for (std::size_t c = 0; c < choices_.size(); ++c) {
    choices.insert(choices.end(), choices_[c].begin(), choices_[c].end());
    moved.insert(moved.end(), shifts[c].begin(), shifts[c].end());
  }
  const ChoiceLoss loss = ExpectedLoss(choices, moved);
  result.expected_drop = metric_->needs_labels ? loss.drop : loss.changed;
  const double turned = metric_->needs_labels ? loss.turned : loss.changed;
  result.expected_variance = turned - result.expected_drop * result.expected_drop;
}

void Evaluator::ReuseActivations(std::size_t bytes) {
  caches_.clear();
  if (bytes == 0) return;
  // Room for the plan at hand, the best one and another.
  const std::size_t each = bytes / references_.size();
  checkpoints_ = Checkpoints(*graph_, runner_.types(),
                             std::min(each / 3, BytesWorthKeeping(*graph_, runner_.types())));
  caches_.assign(references_.size(), ActivationCache(each));
}

Expected<Evaluation> Evaluator::Run(const Rounding& rounding, const Progress& progress,
                                    std::string_view what) {
  Sweeping how{what, false, {}};
  if (!caches_.empty()) how.keys = ValueKeys(*graph_, rounding);
  runner_.ForEachExecutor([&](Executor& executor) { Set(executor, rounding); });
  Expected<Evaluation> result = Sweep(runner_, progress, how);
  runner_.ForEachExecutor([&](Executor& executor) { Unset(executor, rounding); });
  return result;
}

Expected<Evaluation> Evaluator::RunGraph(const Graph& graph, RunnerOptions options,
                                         const Progress& progress) {
  options.chunk_samples = runner_.chunk_samples();
  options.batch = Batch::kSliced;
  const Graph ready = ToChannelsLast(LowerToIntegers(graph).graph);
  BW_ASSIGN(Runner runner, Runner::Create(ready, data_, options));
  if (runner.chunk_samples() != runner_.chunk_samples())
    return Fail("the two networks take different batches");
  return Sweep(runner, progress, {"quantized network", false, {}});
}

Expected<std::vector<double>> Evaluator::Sensitivities(const std::vector<Rounding>& roundings,
                                                       std::size_t samples,
                                                       const Progress& progress,
                                                       std::size_t cache_bytes) {
  const Dataset prefix = data_.First(samples);
  std::vector<std::vector<double>> parts(runner_.ChunkCount(prefix));
  const std::vector<ValueKey> own = ValueKeys(*graph_, {});
  std::vector<std::vector<ValueKey>> keys;
  for (const Rounding& rounding : roundings) keys.push_back(ValueKeys(*graph_, rounding));
  const std::size_t limit = cache_bytes > 0 ? cache_bytes : FreeMemory() / 2 / runner_.workers();
  const auto visit = [&](const Chunk& chunk, Executor& executor) -> Expected<void> {
    const ConstTensorRef input = chunk.input;
    ActivationCache base(limit);
    RunRequest learning;
    learning.watch = [&](ValueId id, ConstTensorRef value) {
      base.Insert(own[static_cast<std::size_t>(id)], Copy(value));
    };
    executor.Run({&input, 1}, learning);
    const Tensor reference = Copy(Runner::Rows(chunk, executor.Output(0)));
    for (std::size_t r = 0; r < roundings.size(); ++r) {
      RunRequest request;
      for (const ValueKey& key : keys[r]) request.known.push_back(base.Find(key));
      Set(executor, roundings[r]);
      executor.Run({&input, 1}, request);
      const ConstTensorRef output = Runner::Rows(chunk, executor.Output(0));
      parts[chunk.index].push_back(Divergence(reference, output, IsClassifier(*metric_, output)));
      Unset(executor, roundings[r]);
    }
    return {};
  };
  BW_TRY(runner_.Feed(prefix, visit, progress, "sensitivity"));
  std::vector<double> sums(roundings.size(), 0.0);
  for (const auto& part : parts) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += part[i];
  }
  for (double& sum : sums)
    sum /= static_cast<double>(prefix.size()) * static_cast<double>(data_.rows_per_sample());
  return sums;
}

}  // namespace bw
