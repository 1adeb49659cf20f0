#include "bitwright/quant/layer_errors.h"

#include <algorithm>
#include <mutex>

#include "bitwright/base/parallel.h"
#include "bitwright/graph/op.h"

namespace bw {
namespace {

constexpr std::int64_t kRows = 8;  // of a batch: both networks keep every value

struct Sums {
  double error = 0, energy = 0;
};

// `factors` are those of the channels on axis 1 in `output`; empty: all 1.
Sums Compare(ConstTensorRef reference, ConstTensorRef output, const std::vector<float>& factors) {
  const std::span<const float> p = reference.span<float>(), q = output.span<float>();
  const std::size_t channels = factors.empty() ? 1 : factors.size();
  const std::size_t positions = std::max<std::size_t>(
      1, p.size() / (static_cast<std::size_t>(reference.shape[0]) * channels));
  Sums sums;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const float factor = factors.empty() ? 1.0F : factors[i / positions % channels];
    const double difference = static_cast<double>(q[i]) / factor - p[i];
    sums.error += difference * difference;
    sums.energy += static_cast<double>(p[i]) * p[i];
  }
  return sums;
}

// Factors of the layers' outputs; empty where the plan does not scale them.
std::vector<std::vector<float>> Factors(const Graph& graph, const std::vector<ValueId>& outputs,
                                        const ChannelScales& scales) {
  std::vector<std::vector<float>> factors;
  for (const ValueId id : outputs) {
    const auto entry = scales.find(graph.value(id).name);
    factors.push_back(entry == scales.end() ? std::vector<float>() : entry->second);
  }
  return factors;
}

}  // namespace

Expected<std::vector<LayerError>> LayerErrors(const Graph& original, const Graph& quantized,
                                              const ChannelScales& scales, const Dataset& data,
                                              int threads) {
  std::vector<ValueId> outputs;
  for (const Node& node : original.nodes) {
    if (node.op->role == OpRole::kCompute) outputs.push_back(node.outputs[0]);
  }
  const std::vector<std::vector<float>> factors = Factors(original, outputs, scales);
  const std::int64_t per_sample = data.rows_per_sample();
  const std::int64_t wanted = std::min(std::max<std::int64_t>(1, kRows / per_sample),
                                       static_cast<std::int64_t>(data.size()));
  // A network may take its own number of rows alone.
  BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(original, wanted * per_sample));
  const std::size_t each = static_cast<std::size_t>(shapes[0][0] / per_sample);
  const std::size_t batches = data.size() / each;
  std::vector<std::vector<Sums>> parts(batches);
  const auto run = [&](std::size_t b) -> Expected<void> {
    BW_ASSIGN(Tensor input, data.Batch(b * each, each));
    input.Reshape(shapes[0]);
    const ConstTensorRef ref = std::as_const(input);
    BW_ASSIGN(Executor reference, Executor::Create(original, shapes, {Backend::kFast, true}));
    BW_ASSIGN(Executor executor, Executor::Create(quantized, shapes, {Backend::kFast, true}));
    reference.Run({&ref, 1});
    executor.Run({&ref, 1});
    for (std::size_t l = 0; l < outputs.size(); ++l) {
      parts[b].push_back(
          Compare(reference.ValueOf(outputs[l]), executor.ValueOf(outputs[l]), factors[l]));
    }
    return {};
  };
  std::mutex mutex;
  Expected<void> outcome;
  ParallelFor(batches, threads, [&](std::size_t b, int) {
    Expected<void> done = run(b);
    const std::scoped_lock lock(mutex);
    if (!done && outcome) outcome = std::move(done);
  });
  BW_TRY(outcome);
  std::vector<LayerError> errors;
  for (std::size_t l = 0; l < outputs.size(); ++l) {
    Sums total;
    for (const std::vector<Sums>& part : parts) {
      total.error += part[l].error;
      total.energy += part[l].energy;
    }
    errors.push_back(
        {original.value(outputs[l]).name, total.error / std::max(total.energy, 1e-30)});
  }
  return errors;
}

}  // namespace bw
