#include "bitwright/quant/runner.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

#include "bitwright/base/memory.h"
#include "bitwright/base/parallel.h"

namespace bw {
namespace {

// A chunk has so many rows, fewer where all activations of so many exceed so many bytes: fixed by
// network and data alone, since the last bits of floats may depend on it.
constexpr std::int64_t kRowsPerChunk = 32;
constexpr double kBytesPerChunk = 256e6;

Expected<std::int64_t> SamplesPerChunk(const Graph& graph, std::int64_t rows_per_sample) {
  BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(graph, rows_per_sample));
  BW_ASSIGN(const InferredTypes types, InferTypes(graph, shapes));
  double bytes = 0;
  for (std::size_t v = 0; v < types.types.size(); ++v) {
    if (types.Constant(graph, static_cast<ValueId>(v)) != nullptr) continue;
    bytes += static_cast<double>(ElementCount(types.types[v].shape)) *
             static_cast<double>(DTypeBytes(types.types[v].dtype));
  }
  const double samples = std::min(static_cast<double>(kRowsPerChunk / rows_per_sample),
                                  kBytesPerChunk / std::max(bytes, 1.0));
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(samples));
}

// The network's input shape for a chunk.
Expected<Shape> ChunkShape(const Graph& graph, const Dataset& data, std::size_t wanted) {
  if (graph.inputs.size() != 1) {
    return Fail("the network has {} inputs, data sets give one", graph.inputs.size());
  }
  const std::int64_t per_sample = data.rows_per_sample();
  std::int64_t samples = static_cast<std::int64_t>(wanted);
  if (wanted == 0) {
    BW_ASSIGN(samples, SamplesPerChunk(graph, per_sample));
  }
  BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(graph, samples * per_sample));
  const Shape& shape = shapes[0];
  const std::string& name = graph.value(graph.inputs[0]).name;
  if (shape.empty()) return Fail("input '{}' is a scalar, data sets give batches", name);
  const Shape row(shape.begin() + 1, shape.end());
  if (ElementCount(row) != ElementCount(data.row_shape())) {
    return Fail(
        "input '{}' takes samples of shape {}, the data's are {}; check resize, crop, layout or "
        "window",
        name, ShapeText(row), ShapeText(data.row_shape()));
  }
  const bool same_rank = row.size() == data.row_shape().size();
  if (same_rank && row != data.row_shape()) {
    return Fail("input '{}' takes samples of shape {}, the data's are {}; check the layout", name,
                ShapeText(row), ShapeText(data.row_shape()));
  }
  if (shape[0] % per_sample != 0) {
    return Fail("input '{}' takes {} rows at a time, a sample gives {}", name, shape[0],
                per_sample);
  }
  return shape;
}

}  // namespace

Expected<Runner> Runner::Create(const Graph& graph, const Dataset& data, RunnerOptions options) {
  Runner runner;
  BW_ASSIGN(runner.input_shape_, ChunkShape(graph, data, options.chunk_samples));
  runner.chunk_samples_ = static_cast<std::size_t>(runner.input_shape_[0] / data.rows_per_sample());
  const std::size_t threads =
      static_cast<std::size_t>(options.threads > 0 ? options.threads : DefaultThreads());
  const std::size_t before = FreeMemory();
  while (runner.executors_.size() < std::min(threads, runner.ChunkCount(data))) {
    BW_ASSIGN(Executor executor,
              Executor::Create(graph, {runner.input_shape_},
                               {options.backend, options.keep_values, options.batch}));
    runner.executors_.push_back(std::move(executor));
    // Another worker takes what this one took, and what runs allocate for themselves.
    const std::size_t free = FreeMemory();
    if (free < 2 * (before - std::min(before, free)) / runner.executors_.size()) break;
  }
  return runner;
}

Expected<Chunk> Runner::ReadChunk(const Dataset& data, std::size_t index) const {
  Chunk chunk;
  chunk.index = index;
  chunk.first_sample = index * chunk_samples_;
  chunk.samples = std::min(chunk_samples_, data.size() - chunk.first_sample);
  chunk.rows = static_cast<std::int64_t>(chunk.samples) * data.rows_per_sample();
  BW_ASSIGN(Tensor read, data.Batch(chunk.first_sample, chunk.samples));
  if (chunk.rows == input_shape_[0]) {
    read.Reshape(input_shape_);
    chunk.input = std::move(read);
    return chunk;
  }
  chunk.input = Tensor(DType::kFloat32, input_shape_);
  const std::span<float> to = chunk.input.span<float>();
  const std::span<const float> from = std::as_const(read).span<float>();
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i % from.size()];
  return chunk;
}

Expected<void> Runner::ForEachChunk(const Dataset& data, const Visit& visit,
                                    const Progress& progress, std::string_view what) {
  const Visit run = [&](const Chunk& chunk, Executor& executor) {
    const ConstTensorRef input = chunk.input;
    executor.Run({&input, 1});
    return visit(chunk, executor);
  };
  return Feed(data, run, progress, what);
}

Expected<void> Runner::Feed(const Dataset& data, const Visit& visit, const Progress& progress,
                            std::string_view what) {
  std::mutex mutex;
  Expected<void> result;
  std::atomic<bool> failed = false;
  std::size_t done = 0;
  const std::size_t chunks = ChunkCount(data);
  ParallelFor(chunks, static_cast<int>(executors_.size()), [&](std::size_t index, int worker) {
    if (failed) return;
    Executor& executor = executors_[static_cast<std::size_t>(worker)];
    Expected<void> outcome;
    if (Expected<Chunk> chunk = ReadChunk(data, index)) {
      outcome = visit(*chunk, executor);
    } else {
      outcome = tl::unexpected(std::move(chunk).error());
    }
    const std::scoped_lock lock(mutex);
    if (!outcome && !failed.exchange(true)) result = std::move(outcome);
    ++done;
    if (progress) progress(what, static_cast<double>(done) / static_cast<double>(chunks));
  });
  return result;
}

ConstTensorRef Runner::Rows(const Chunk& chunk, ConstTensorRef output) {
  if (!output.shape.empty() && output.shape[0] == chunk.input.shape()[0])
    output.shape[0] = chunk.rows;
  return output;
}

void Runner::ForEachExecutor(const std::function<void(Executor&)>& change) {
  for (Executor& executor : executors_) change(executor);
}

}  // namespace bw
